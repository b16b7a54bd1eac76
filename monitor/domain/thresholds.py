"""Every limit of the decision on one frame; `docs/design/decision.md` says where each comes from."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.domain.displacement import Tolerance


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits of the decision on one frame.

    Attributes:
        shift_tolerance: Shift that still counts as the same view, fraction of the view.
        roll_tolerance_deg: Roll that still counts as the same view, degrees.
        zoom_tolerance: Change of zoom that still counts as the same view, fraction.
        moved_excess: How many tolerances a displacement must exceed to be called `moved`; the margin is for noise.
        unaligned_excess: The same where only the network has measured it, which is rougher.
        support_floor: Agreement of gradients below which the alignment has no say; other scenes stay below.
        support_lock: Agreement of gradients from which a displaced alignment is as sure as it gets …
        rest_lock: … and one at rest, where marks of the sensor agree as well.
        peak_floor: Strength of the correlation's peak that other scenes do not reach …
        peak_lock: … and from which it is as sure as it gets, if the gradients agree at all.
        alignment_weight: Log-odds that a fully locked alignment adds to what it says.
        absence_weight: Log-odds that an alignment without any support takes from `same` and `moved`.
        hidden_spread: Share of textured cells that agree below which an alignment fits a covered view as well …
        open_spread: … and from which it rules that out.
        hidden_weight: How much of an alignment's weight few agreeing cells give to `obstructed`.
        turn_margin: By how much more alike a turned reference must be than the upright one, where no alignment
            speaks for the turn.
        network_trust: Probability that the network keeps for what it calls impossible, so that it can be overruled.
        network_reach: Shift, fraction of the view, beyond which the network sees nothing of a move …
        unseen_move: … and counts as holding at least this probability for `moved`.
        landmarks_floor: Recognised corners that other scenes do not reach …
        landmarks_lock: … and from which an alignment by them is as sure as it gets.
        confidence: Probability of the best hypothesis below which the verdict is `unsure` …
        unrecognised: … unless the view is not recognised with at least this probability: then the likelier of
            another scene and a covered lens is named, for to do nothing would be wrong either way.
        dark_share: Share of nearly black pixels from which a picture with little texture is `dark` …
        dark_texture: … and the share of textured cells below which it has little; burnt-in text has some.
        bright_fraction: Share of blown-out pixels from which a picture that is not recognised is `overexposed`.
        blur_ratio: Sharpness against the reference's below which the picture is `blurred` …
        blur_sharpness: … if its own sharpness (0–1) is below this as well, as another scene may just be softer …
        blur_dark_share: … and no more of it than this is nearly black, as nights are smooth …
        blur_similarity: … and what is seen resembles the reference by this cosine at least; a cover does not.
        cover_contrast: Deviation of brightness (0–1) below which a picture without detail is covered, not blurred.
        flat_rows: Share of the height in one block of identical grey rows from which the frame is torn.
        covered_texture: Texture against the reference's below which a lit picture is `obstructed`.
    """

    shift_tolerance: float = 0.01
    roll_tolerance_deg: float = 0.5
    zoom_tolerance: float = 0.01
    moved_excess: float = 1.5
    unaligned_excess: float = 1.4
    support_floor: float = 0.06
    support_lock: float = 0.2
    rest_lock: float = 0.45
    peak_floor: float = 8.0
    peak_lock: float = 16.0
    alignment_weight: float = 4.0
    absence_weight: float = 2.0
    hidden_spread: float = 0.25
    open_spread: float = 0.5
    hidden_weight: float = 0.75
    turn_margin: float = 0.0
    network_trust: float = 0.01
    network_reach: float = 0.12
    unseen_move: float = 0.05
    landmarks_floor: float = 12.0
    landmarks_lock: float = 30.0
    confidence: float = 0.55
    unrecognised: float = 0.8
    dark_share: float = 0.9
    dark_texture: float = 0.2
    bright_fraction: float = 0.6
    blur_ratio: float = 0.4
    blur_sharpness: float = 0.16
    blur_dark_share: float = 0.3
    blur_similarity: float = 0.35
    cover_contrast: float = 0.04
    flat_rows: float = 0.2
    covered_texture: float = 0.12

    @property
    def tolerance(self) -> Tolerance:
        """Up to where a displaced view is the same."""
        return Tolerance(self.shift_tolerance, self.roll_tolerance_deg, self.zoom_tolerance)
