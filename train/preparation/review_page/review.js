"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const rows = data.rows.map((row) => ({ ...row, label: "", decision: "" }));
  const cards = new Map();
  let saved = true;

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const decide = (row, decision, label) => {
    row.decision = decision;
    row.label = label;
    saved = false;
    show(row);
    count();
  };
  const accept = (row) => decide(row, "accepted", row.proposed);
  const reject = (row) => decide(row, "rejected", "");
  const undecide = (row) => decide(row, "", "");
  const change = (row, text) => {
    const label = text.trim();
    if (label === "") return false;
    if (label === row.proposed) accept(row);
    else decide(row, "changed", label);
    return true;
  };

  const show = (row) => {
    const card = cards.get(row);
    card.dataset.decision = row.decision;
    card.querySelector(".verdict").textContent =
      row.decision === "" ? "undecided" : row.label === "" ? row.decision : `${row.decision}: ${row.label}`;
  };

  const count = () => {
    const decided = rows.filter((row) => row.decision !== "").length;
    document.getElementById("progress").textContent = `${decided} of ${rows.length} decided`;
  };

  const focusNext = (card, step) => {
    const all = [...document.querySelectorAll("article")];
    const next = all[all.indexOf(card) + step];
    if (next) next.focus();
  };

  const figure = (source, caption) =>
    make("figure", {}, source ? make("img", { src: source, alt: caption }) : make("div"),
      make("figcaption", { textContent: caption }));

  const build = (row) => {
    const input = make("input", { placeholder: "other label", ariaLabel: "other label" });
    input.setAttribute("list", "labels");
    const button = (text, act) => make("button", { type: "button", textContent: text, onclick: act });
    const card = make("article", { tabIndex: 0 },
      make("div", { className: "pair" }, figure(row.picture, "this picture"),
        figure(row.known, `known ${row.proposed}`)),
      make("p", { className: "path", title: `nearest: ${row.nearest}`,
        textContent: `${row.path} · ${(100 * row.confidence).toFixed(0)} % sure · distance ${row.distance}` }),
      make("p", { className: "verdict" }),
      make("div", { className: "choices" }, button("Accept", () => accept(row)),
        button("Reject", () => reject(row)), input, button("Change", () => change(row, input.value))));
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") card.focus();
      if (event.key === "Enter" && change(row, input.value)) focusNext(card, 1);
    });
    card.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key.toLowerCase();
      if (key === "a") { accept(row); focusNext(card, 1); }
      else if (key === "r") { reject(row); focusNext(card, 1); }
      else if (key === "u") undecide(row);
      else if (key === "c") input.focus();
      else if (key === "arrowright") focusNext(card, 1);
      else if (key === "arrowleft") focusNext(card, -1);
      else return;
      event.preventDefault();
    });
    cards.set(row, card);
    show(row);
    return card;
  };

  const groups = Map.groupBy ? Map.groupBy(rows, (row) => row.proposed)
    : rows.reduce((all, row) => all.set(row.proposed, [...(all.get(row.proposed) || []), row]), new Map());
  for (const label of [...groups.keys()].sort()) {
    const members = groups.get(label);
    const all = make("button", { type: "button", textContent: "Accept the undecided ones of this label" });
    all.addEventListener("click", () => {
      const left = members.filter((row) => row.decision === "");
      if (left.length && confirm(`Accept ${left.length} pictures as ${label}?`)) left.forEach(accept);
    });
    document.getElementById("groups").append(make("section", {},
      make("h2", {}, `${label} (${members.length})`, all),
      make("div", { className: "cards" }, ...members.map(build))));
  }
  for (const label of data.labels) document.getElementById("labels").append(make("option", { value: label }));
  count();

  const quote = (value) => {
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  document.getElementById("download").addEventListener("click", () => {
    const columns = ["path", "proposed", "confidence", "distance", "nearest", "label", "decision"];
    const lines = [columns, ...rows.map((row) => columns.map((column) => row[column])), ...data.rest];
    const text = lines.map((line) => line.map(quote).join(",") + "\r\n").join("");
    const link = make("a", { download: "reviewed.csv" });
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    saved = true;
  });
  window.addEventListener("beforeunload", (event) => { if (!saved) event.preventDefault(); });
  document.querySelector("article").focus();
})();
