// How figures are written: never more digits than are known, never certainty where there is none.

export interface Interval {
  mean: number;
  low: number;
  high: number;
  n: number;
}

/** Whole numbers in groups: 12,400. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** "1 image", "12 images", "2 classes". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** An estimate with two digits that count: 210, 12,000. */
export function about(value: number): string {
  return count(Number(value.toPrecision(2)));
}

/** A share of one as percent. Only exactly 0 and 1 are written as 0% and 100%. */
export function percent(share: number, digits = 0): string {
  const step = 10 ** -digits;
  const value = Number((share * 100).toFixed(digits));
  const kept = share > 0 && share < 1 ? Math.min(Math.max(value, step), 100 - step) : value;
  return `${kept.toFixed(digits)}%`;
}

/** "88–96%": rounded outwards, so that what is written still covers 95%. */
export function range({ low, high }: Pick<Interval, "low" | "high">, digits = 0): string {
  const unit = 10 ** digits;
  const down = Math.floor(low * 100 * unit + 1e-9) / unit;
  const up = Math.ceil(high * 100 * unit - 1e-9) / unit;
  return `${down.toFixed(digits)}–${up.toFixed(digits)}%`;
}

/** "92% (88–95%)"; a digit behind the point only when the interval is narrower than two points. */
export function withRange(interval: Interval): string {
  const digits = interval.high - interval.low < 0.02 ? 1 : 0;
  return `${percent(interval.mean, digits)} (${range(interval, digits)})`;
}

/** "+0.6 points" and "−0.1 to +1.4": a difference of two shares, and its interval rounded outwards. */
export function points({ mean, low, high }: Interval): { mean: string; range: string } {
  const said = (tenths: number) => {
    const sign = tenths > 0 ? "+" : tenths < 0 ? "−" : "±";
    return `${sign}${(Math.abs(tenths) / 10).toFixed(1)}`;
  };
  const tenths = (share: number) => Math.round(share * 1e6) / 1e3;
  return {
    mean: `${said(Math.round(tenths(mean)))} points`,
    range: `${said(Math.floor(tenths(low)))} to ${said(Math.ceil(tenths(high)))}`,
  };
}

/** "12 (8–19)": an estimated number of things with its interval. */
export function countRange({ mean, low, high }: Interval): string {
  return `${count(mean)} (${count(Math.floor(low))}–${count(Math.ceil(high))})`;
}

/** Seconds for people: "4.2 s", "40 s", "3 min", "1 h 20 min", "2 days". */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 36 * 60) {
    const rest = minutes % 60;
    return rest ? `${Math.floor(minutes / 60)} h ${rest} min` : `${minutes / 60} h`;
  }
  return counted(Math.round(minutes / 1440), "day");
}

/** Bytes for people: "3.4 MB". */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  let rest = bytes;
  while (rest >= 1000 && at < units.length - 1) {
    rest /= 1000;
    at += 1;
  }
  return `${at === 0 || rest >= 10 ? Math.round(rest) : rest.toFixed(1)} ${units[at]}`;
}

/** Things per second for people: "140 a second", "12 a minute". */
export function speed(perSecond: number): string {
  return perSecond >= 1 ? `${about(perSecond)} a second` : `${about(perSecond * 60)} a minute`;
}
