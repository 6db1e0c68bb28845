// The bill as bars and tables. Its sentences come from the server; here only figures are set.

import type { components } from "../api/schema";
import type { Table } from "./curve";
import { count, counted, duration } from "./figures";

type Schemas = components["schemas"];
type Bill = Schemas["Bill"];
type Cost = Schemas["Cost"];
type Interval = Schemas["Interval"];
type Policy = Pick<Schemas["Policy"], "budget" | "budget_hours" | "budget_money" | "currency">;

/** Work for people: "42 min", "9 h 10 min", "130 h". It is not told in days: whose day? */
export function work(seconds: number): string {
  if (seconds === 0) return "0 s";
  return seconds < 20 * 3600 ? duration(seconds) : `${count(seconds / 3600)} h`;
}

/** Money without its currency: cents only below ten. */
export function amount(value: number): string {
  return Math.abs(value) < 9.995 ? value.toFixed(2) : count(value);
}

/** "42 min, EUR 14"; without a price only the time. */
export function costed(cost: Cost, currency: string): string {
  return cost.money ? `${work(cost.seconds.mean)}, ${currency} ${amount(cost.money.mean)}` : work(cost.seconds.mean);
}

/** "8 h to 10 h, EUR 160 to 210"; "" when there is no doubt to tell. */
export function band(cost: Cost, currency: string): string {
  const { seconds, money } = cost;
  if (work(seconds.low) === work(seconds.high)) return "";
  const times = `${work(seconds.low)} to ${work(seconds.high)}`;
  return money ? `${times}, ${currency} ${amount(money.low)} to ${amount(money.high)}` : times;
}

export interface Bar {
  key: "ours" | "random" | "everything";
  name: string;
  /** What it comes to, and its band in words. */
  told: string;
  range: string;
  /** Where the parts lie on the common scale, as shares of the longest bar with its band. */
  parts: { key: "spent" | "rest" | "other"; share: number }[];
  low: number;
  high: number;
}

/** Ours with what is left of it, a random sample as accurate where it is known, and everything, on one scale. */
export function bars(bill: Bill): Bar[] {
  const { currency, spent, rest } = bill;
  const whole = sum(spent, rest.cost);
  const rows: { key: Bar["key"]; name: string; told: string; cost: Cost; parts: [Bar["parts"][0]["key"], number][] }[] =
    [
      {
        key: "ours",
        name: "This way",
        told: `${costed(spent, currency)} spent; ${costed(rest.cost, currency)} left`,
        cost: whole,
        parts: [
          ["spent", spent.seconds.mean],
          ["rest", rest.cost.seconds.mean],
        ],
      },
    ];
  const others: [Bar["key"], string, Schemas["Alternative"]][] = [
    ["random", "A random sample, as accurate", bill.random],
    ["everything", "Everything, one by one", bill.everything],
  ];
  if (bill.purposes.length === 0) rows.pop(); // nothing is known of this way before anybody has gone it
  for (const [key, name, { cost }] of others) {
    if (cost) rows.push({ key, name, told: costed(cost, currency), cost, parts: [["other", cost.seconds.mean]] });
  }
  const longest = Math.max(1, ...rows.map((row) => row.cost.seconds.high));
  return rows.map(({ key, name, told, cost, parts }) => ({
    key,
    name,
    told,
    range: band(cost, currency),
    parts: parts.map(([part, seconds]) => ({ key: part, share: seconds / longest })),
    low: cost.seconds.low / longest,
    high: cost.seconds.high / longest,
  }));
}

/** The bars as data: seconds and money with their ends. */
export function barTable(bill: Bill): Table {
  const rows: [string, Cost | null][] = [
    ["spent", bill.spent],
    ["left", bill.rest.cost],
    ["random, as accurate", bill.random.cost],
    ["everything", bill.everything.cost],
  ];
  const priced = bill.rate_per_hour !== null;
  return {
    head: ["what", "seconds", "low", "high", ...(priced ? [bill.currency, "low", "high"].map(money) : [])],
    rows: rows.flatMap(([name, cost]) =>
      cost ? [[name, ...ends(cost.seconds, 0), ...(cost.money ? ends(cost.money, 2) : [])]] : [],
    ),
  };
}

/** What it was spent on, as data. */
export function purposeTable(bill: Bill): Table {
  return {
    head: ["for", "decisions", "taken back", "timed", "median seconds", "seconds", bill.currency],
    rows: bill.purposes.map((row) => [
      row.title,
      row.decisions,
      row.taken_back,
      row.timed,
      row.median === null ? "" : row.median.toFixed(1),
      row.spent.seconds.mean.toFixed(0),
      row.spent.money ? row.spent.money.mean.toFixed(2) : "",
    ]),
  };
}

/** What is special about the decisions of one purpose: taken back, estimated; "" when nothing is. */
export function remark(row: Schemas["PurposeCost"]): string {
  const untimed = row.decisions - row.timed;
  const parts = [
    row.taken_back > 0 ? `${count(row.taken_back)} taken back` : "",
    untimed > 0 ? `${counted(untimed, "time")} estimated` : "",
  ];
  return parts.filter(Boolean).join(", ");
}

/** Which budget is spent, for the page that has nothing more to ask: "The budget of 200 labels is spent". */
export function spentSaid(unit: "labels" | "hours" | "money", policy: Policy): string {
  const limits = {
    labels: policy.budget ? counted(policy.budget, "label") : null,
    hours: policy.budget_hours ? work(policy.budget_hours * 3600) : null,
    money: policy.budget_money ? `${policy.currency} ${amount(policy.budget_money)}` : null,
  };
  // it may have been changed in another tab since
  return limits[unit] ? `The budget of ${limits[unit]} is spent` : "The budget is spent";
}

function sum(one: Cost, other: Cost): Cost {
  const add = (a: Interval, b: Interval) => ({
    mean: a.mean + b.mean,
    low: a.low + b.low,
    high: a.high + b.high,
    n: Math.min(a.n, b.n),
  });
  return {
    seconds: add(one.seconds, other.seconds),
    money: one.money && other.money ? add(one.money, other.money) : null,
  };
}

function ends({ mean, low, high }: Interval, digits: number): string[] {
  return [mean, low, high].map((value) => value.toFixed(digits));
}

function money(name: string, at: number): string {
  return at === 0 ? name : `money ${name}`;
}
