import { describe, expect, it } from "vitest";
import {
  auditSaid,
  type Certificate,
  ceiling,
  costOf,
  costSaid,
  coverageDescribed,
  coverageTable,
  evidenceSaid,
  fallenSaid,
  headlineOf,
  inOrder,
  lookOf,
  moved,
  nameOf,
  nextSaid,
  offersAnytime,
  type Point,
  placeOf,
  pointSaid,
  saidOf,
  sofarTitle,
  starting,
  startingBatch,
  strictestFirst,
  titleOf,
  withdrawSaid,
} from "./certificates";

const ALL = 5000;

function point(coverage: number, mean: number, n = Math.round(1000 * coverage)): Point {
  const error = { mean, low: mean * 0.55, high: mean * 1.63 + 0.001, n };
  return { confidence: 1 - coverage / 2, coverage, items: Math.round(coverage * ALL), error };
}

const CURVE = [point(0.2, 0), point(0.5, 0.004), point(0.8426, 0.009), point(0.95, 0.03), point(1, 0.05)];
const WISH = { guarantee: "among", auto_error: 0.02, auto_confidence: 0.95 } as const;
const VIEW = { operating: CURVE[2] as Point, needed: 183, certificates: [] };

function certificate(over: Partial<Certificate> = {}): Certificate {
  return {
    id: 7,
    number: 3,
    state: "issued",
    route: "auto",
    certified: true,
    guarantee: "among",
    error: 0.02,
    confidence: 0.95,
    statement: "With probability at least 95%, at most 2% of these 4,213 labels are wrong.",
    reason: "",
    round: 6,
    population: ALL,
    batch: null,
    threshold: 0.81,
    covered: 4213,
    standing: 4200,
    calibration: { planned: 190, answered: 190, wrong: 1 },
    audit: { planned: 84, answered: 51, wrong: 2 },
    evidence: 0.31,
    quarantined: false,
    created: "2026-11-20T10:00:00Z",
    decided: "2026-11-20T11:00:00Z",
    ended: null,
    method: "fixed",
    sofar: null,
    ...over,
  };
}

describe("a point of the picture", () => {
  it("is moved along the curve by keys and stays on it", () => {
    expect(moved(2, "ArrowRight", 5)).toBe(3);
    expect(moved(2, "ArrowLeft", 5)).toBe(1);
    expect(moved(2, "PageUp", 5)).toBe(4);
    expect(moved(0, "ArrowLeft", 5)).toBe(0);
    expect([moved(2, "Home", 5), moved(2, "End", 5), moved(2, "Enter", 5)]).toEqual([0, 4, null]);
  });

  it("is the nearest one to the pointer", () => {
    expect(placeOf(CURVE, 0.88)).toBe(2);
    expect(placeOf(CURVE, -3)).toBe(0);
    expect(placeOf([], 0.5)).toBe(-1);
  });

  it("says what it takes in and how much of that is wrong", () => {
    expect(pointSaid(CURVE[2] as Point, "auto")).toBe(
      "Auto-labels 4,213 of 5,000 unlabeled images (84%), about 38 (20–67) of them wrong.",
    );
    expect(pointSaid(CURVE[2] as Point, "off")).toMatch(/^Would auto-label 4,213/);
    expect(pointSaid(CURVE[2] as Point, "discard")).toMatch(/^Discards 4,213/);
  });

  it("says what it would cost", () => {
    expect(costSaid({ error: 0.02, labels: 183 }, 2.3)).toBe(
      "To certify at most 2% wrong takes about 180 random labels, about 7 min.",
    );
    expect(costSaid({ error: 0.02, labels: 183 }, null)).toBe(
      "To certify at most 2% wrong takes about 180 random labels.",
    );
    expect(costSaid({ error: 0.4, labels: null }, 2)).toContain("No sensible number");
  });
});

describe("the wish that leads to a point", () => {
  it("is the server's at the operating point", () => {
    expect(costOf(CURVE[2] as Point, VIEW, WISH)).toEqual({ error: 0.02, labels: 183 });
  });

  it("is never stricter for a looser threshold", () => {
    const errors = CURVE.map((one) => costOf(one, VIEW, WISH).error);
    expect(errors).toEqual([...errors].sort((a, b) => a - b));
    expect(errors[1]).toBeLessThan(0.02);
    expect(errors[3]).toBeGreaterThan(0.03);
  });

  it("is one that could be met, with a round number", () => {
    for (const one of CURVE) {
      const { error, labels } = costOf(one, { operating: null, needed: null, certificates: [] }, WISH);
      expect(error).toBeGreaterThan(one.error.mean);
      expect(labels).toBeGreaterThan(20);
      expect(labels).toBeLessThan(ALL / 2);
    }
  });

  it("takes more random labels among few covered images than of the whole pool", () => {
    const few = point(0.2, 0.01);
    const nothing = { operating: null, needed: null, certificates: [] };
    const among = costOf(few, nothing, WISH).labels ?? 0;
    const whole = costOf(few, nothing, { ...WISH, guarantee: "whole" }).labels ?? 0;
    expect(among).toBeGreaterThan(whole);
  });

  it("takes more random labels the more certificates there were", () => {
    const loose = CURVE[3] as Point;
    const later = costOf(loose, { ...VIEW, certificates: [certificate(), certificate()] }, WISH);
    expect(later.labels).toBeGreaterThan(costOf(loose, VIEW, WISH).labels ?? 0);
  });

  it("is none where the model is always wrong", () => {
    expect(costOf(point(0.5, 0.6), VIEW, WISH).labels).toBeNull();
  });
});

describe("the picture", () => {
  it("is drawn from the strictest threshold on", () => {
    expect(strictestFirst([...CURVE].reverse())).toEqual(CURVE);
  });

  it("leaves room for the wish and the whole line, not for wide bands", () => {
    expect(ceiling(CURVE, null, 0.02)).toBeCloseTo(0.08);
    expect(ceiling([], null, 0.05)).toBeCloseTo(0.08);
  });

  it("can be read as a table and as a sentence", () => {
    expect(coverageTable(CURVE).rows[2]?.slice(0, 4)).toEqual(["0.5787", "0.8426", 4213, "0.0090"]);
    expect(coverageDescribed(CURVE)).toMatch(/^From 20% of the images with .* wrong to 100% with .* wrong\.$/);
    expect(coverageDescribed([])).toBe("Nothing has been measured yet.");
  });
});

describe("starting a certificate", () => {
  const view = { certificates: [], needed: 190, possible: true, hint: "" };
  const policy = { recognised: "auto", calibration: null, auto_threshold: null } as const;

  it("says how many random images and how long", () => {
    expect(starting(view, policy, 2.3)).toEqual({
      label: "Start: label 190 random images",
      forecast: "About 7 min at the pace so far.",
      reason: null,
    });
    expect(starting(view, { ...policy, calibration: 400 }, null).label).toBe("Start: label 400 random images");
  });

  it("says why it is off", () => {
    expect(starting(view, { ...policy, recognised: "off" }, 2).reason).toContain("Settings");
    expect(starting({ ...view, possible: false, hint: "no blind labels yet" }, policy, 2).reason).toBe(
      "no blind labels yet",
    );
    const drawing = [certificate({ state: "drawing", number: 4 })];
    expect(starting({ ...view, certificates: drawing }, policy, 2).reason).toContain("Certificate 4");
  });

  it("never calls a raw threshold a certificate", () => {
    expect(starting(view, { ...policy, auto_threshold: 0.9 }, 2).label).toContain("not certified");
  });
});

describe("a certificate in words", () => {
  it("counts the answers while it is measured", () => {
    const one = certificate({ state: "drawing", calibration: { planned: 190, answered: 34, wrong: 0 } });
    expect(titleOf(one)).toBe("Being measured");
    expect(saidOf(one)).toBe(
      "34 of 190 random images answered. The wish: at most 2% wrong among the auto-labels, 95% sure.",
    );
    expect(withdrawSaid(one)).toContain("34 answers so far stay");
  });

  it("is its statement once it stands", () => {
    expect(saidOf(certificate())).toContain("at most 2%");
    expect(withdrawSaid(certificate())).toContain("4,200 auto-labels go back to Validate");
    expect(withdrawSaid(certificate({ standing: 1 }))).toContain("1 auto-label goes back");
  });

  it("is the reason once it does not", () => {
    for (const state of ["refused", "revoked", "withdrawn"] as const)
      expect(saidOf(certificate({ state, reason: "9 of 60 audited labels were wrong" }))).toContain("9 of 60");
  });

  it("is not one when somebody chose a raw threshold, or while it is quarantined", () => {
    expect(lookOf(certificate({ certified: false }))).toBe("uncertified");
    expect(nameOf(certificate({ certified: false }))).toBe("Raw threshold 3");
    expect(saidOf(certificate({ certified: false, statement: "" }))).toContain("Nothing is proven");
    expect(lookOf(certificate({ quarantined: true }))).toBe("quarantined");
    expect(lookOf(certificate({ state: "revoked", quarantined: true }))).toBe("revoked");
  });

  it("stands in the list before those that have ended", () => {
    const all = [
      certificate({ number: 1, state: "refused" }),
      certificate({ number: 2 }),
      certificate({ number: 3, state: "revoked" }),
      certificate({ number: 4, state: "drawing" }),
    ];
    expect(inOrder(all).map((one) => one.number)).toEqual([4, 2, 3, 1]);
  });

  it("tells the audit and how near it is to revocation", () => {
    expect(auditSaid(certificate())).toBe("Audit so far: 2 of 51 wrong.");
    expect(auditSaid({ audit: { planned: 20, answered: 0, wrong: 0 } })).toBe("Audit: none of 20 answered yet.");
    expect(evidenceSaid(0.31)).toBe("Evidence against it: 31% of what revokes it.");
    expect(evidenceSaid(1)).toBe("Enough to revoke it.");
  });
});

describe("the headline", () => {
  it("counts what carries a label by the model, and what of it is certified", () => {
    expect(headlineOf([], ALL)).toBe("No image carries a label by the model.");
    expect(headlineOf([certificate()], ALL)).toBe(
      "4,200 of 5,000 images (84%) carry labels by the model, under a certificate.",
    );
    const raw = certificate({ certified: false, standing: 100 });
    expect(headlineOf([raw], ALL)).toContain("none under a certificate");
    expect(headlineOf([certificate({ standing: 300 }), raw], ALL)).toContain("300 of them under a certificate");
    expect(headlineOf([certificate({ state: "revoked" })], ALL)).toContain("No image");
  });
});

it("says why a certificate fell, without saying twice that it did", () => {
  const reason = "Certificate revoked: 9 of 60 audited auto-labels were wrong; at most 2% may be.";
  expect(fallenSaid({ reason, route: "auto" })).toBe(
    "9 of 60 audited auto-labels were wrong; at most 2% may be. Its labels are taken back, and the images wait for people again.",
  );
  expect(fallenSaid({ reason, route: "discard" })).toContain("back in the pool");
});

it("says of a batch that it is certified, not only started", () => {
  const policy = { recognised: "auto", calibration: null, auto_threshold: null } as const;
  const view = { certificates: [], needed: 183, possible: true, hint: "" };
  expect(startingBatch(view, policy, null).label).toBe("Certify: label 183 random images");
  expect(startingBatch({ ...view, possible: false, hint: "Too few." }, policy, null).reason).toBe("Too few.");
});

it("offers to look at any time only what may be looked at any time", () => {
  expect(offersAnytime({ guarantee: "among", auto_threshold: null })).toBe(true);
  expect(offersAnytime({ guarantee: "whole", auto_threshold: null })).toBe(false);
  expect(offersAnytime({ guarantee: "among", auto_threshold: 0.9 })).toBe(false);
  const sofar = { labels: 80, covered: 3214, said: "", evidence: 0.4 };
  expect(sofarTitle({ population: ALL }, sofar)).toBe("So far 3,214 of 5,000 images are covered.");
  expect(sofarTitle({ population: ALL }, { ...sofar, covered: 0 })).toBe("Nothing is proven yet, after 80 labels.");
  expect(nextSaid(sofar)).toBe("40% of the evidence that lets it cover more.");
  expect(nextSaid({ ...sofar, evidence: 1 })).toBe("All that can be covered is.");
});
