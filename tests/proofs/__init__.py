"""Proofs of what the delivery of alerts promises: longer than tests, and made by commands of their own.

| proof | what it does | command |
|---|---|---|
| model | random histories of verdicts, crashes, clock jumps, receivers that fail, silences, people; against a model | \
`python -m tests.proofs model --examples 500` |
| kill | a process that records and sends is killed at random moments, again and again | \
`python -m tests.proofs kill --rounds 200 --database sqlite` |
| flaky | hundreds of incidents to a receiver that fails three times in ten | `python -m tests.proofs flaky` |
| crowd | ten thousand views of a site change at once, or one after another (`--over 120`) | \
`python -m tests.proofs crowd` |

`make prove` makes all of them. The suite has each in a small version (`test_*.py`). What they hold:

- *never lost*: what was recorded is delivered, or dropped or given up with a reason that is documented; once receivers
  work and time passes, nothing waits;
- *never duplicated beyond the key*: the same message may arrive again, the same alert never in another message;
- *never out of order* for an incident and a notifier;
- at most one open incident of a subject, and timelines that tell the same as the incidents.

`arrivals.py` judges what receivers got, `books.py` what the database says, `watching.py` makes checks without cameras.
Everything else is the service's own: transitions, the store, addressing, tending, sending.
"""
