import { describe, expect, it } from "vitest";
import type { components } from "../api/schema";
import { alone, headline, overlooked, rates, shares, soFar } from "./mine";

type Wire = components["schemas"];

const NONE: Wire["Bias"] = {
  seeded: 0,
  followed: 0,
  blind: 0,
  same: 0,
  pull: null,
  suggestions_said: "",
  planted: 0,
  overlooked: 0,
  overlooked_share: null,
  pages_said: "",
};
const MINE: Wire["Mine"] = {
  annotator: "ann",
  measuring: true,
  answers: 0,
  on_pages: 0,
  seconds: null,
  timed: 0,
  enough: 20,
  own: NONE,
  everyone: NONE,
};

describe("one's own figures", () => {
  it("say what was done, and nothing that is not known", () => {
    expect(headline(MINE)).toBe("You have not labeled anything here yet");
    expect(headline({ ...MINE, answers: 1 })).toBe("You have answered 1 question here");
    expect(headline({ ...MINE, answers: 1412, on_pages: 60, seconds: 2.14 })).toBe(
      "You have answered 1,412 questions and looked at 60 images on pages here. An answer takes you about 2.1 s",
    );
  });

  it("are not said twice to somebody who works alone", () => {
    expect(alone(MINE)).toBe(true);
    expect(alone({ ...MINE, everyone: { ...NONE, blind: 1 } })).toBe(false);
  });

  it("draw the two arms with their intervals once there is enough", () => {
    expect(shares(NONE)).toEqual([]);
    const pull = { mean: 0.07, low: -0.05, high: 0.21, n: 78 };
    const [planted, blind] = shares({ ...NONE, seeded: 40, followed: 5, blind: 38, same: 2, pull });
    expect(planted).toMatchObject({ hit: 5, of: 40 });
    expect(planted?.interval.low).toBeCloseTo(0.0546, 3);
    expect(planted?.interval.high).toBeCloseTo(0.2611, 3);
    expect(blind?.interval.mean).toBeCloseTo(2 / 38);
  });

  it("draw what was overlooked once there is enough", () => {
    expect(overlooked(NONE)).toEqual([]);
    const overlooked_share = { mean: 0.1, low: 0.04, high: 0.25, n: 30 };
    expect(overlooked({ ...NONE, planted: 30, overlooked: 3, overlooked_share })).toMatchObject([{ hit: 3, of: 30 }]);
  });

  it("say how far it is, and how often it happens", () => {
    expect(soFar(0, 40)).toBe("none of about 40 yet");
    expect(soFar(12, 40)).toBe("12 of about 40 so far");
    const policy = { seeded_rate: 0.025, blind_rate: 0.1 } as Wire["Policy"];
    expect(rates(policy)).toBe("2.5% of suggestions are wrong on purpose, and 10% are kept back");
  });
});
