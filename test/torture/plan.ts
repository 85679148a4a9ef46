/** Which kills a run consists of: every named point, and random moments, dealt to episodes. Follows from the seed. */

import { killPoints, type Need, type Point } from './points.ts';
import { createRandom, type Random } from './random.ts';

/** One life of the gateway. */
export interface Round {
  /** Undefined: at a random moment. */
  readonly point: Point | undefined;
  /** The point is passed so often before. */
  readonly times: number;
  readonly need: Need;
  /** Of a random moment: after the gateway runs, or, with need `start`, after its process began. */
  readonly delayMs: number;
}

/** Rounds on one data folder, held against the reference at their end. */
export type Episode = readonly Round[];

const roundsOfEpisode = 9;
const randomNeeds: readonly Need[] = ['load', 'load', 'load', 'bulk', 'pads', 'reload', 'settings', 'start'];

/** At least so many rounds reach every named point. */
export const leastRounds = killPoints.length;

/** `rounds` in all; the named points come first, as many as there is room for. */
export function planEpisodes(rounds: number, seed: number): readonly Episode[] {
  const random = createRandom(seed, 'plan');
  const named = chains().map((points) => points.map((point) => atPoint(point, random)));
  const groups: Round[][] = [];
  let count = 0;
  for (const group of shuffled(named, random)) {
    if (count + group.length > rounds) break;
    groups.push(group);
    count += group.length;
  }
  for (; count < rounds; count++) groups.push([atRandom(random)]);
  return dealt(shuffled(groups, random));
}

/** Each point in one chain; those that follow another behind it. */
function chains(): Point[][] {
  const followed = new Set(killPoints.map(({ follows }) => follows));
  return killPoints
    .filter(({ name }) => !followed.has(name))
    .map((point) => {
      const before = killPoints.find(({ name }) => name === point.follows);
      return before === undefined ? [point] : [before, point];
    });
}

function atPoint(point: Point, random: Random): Round {
  // Blocks and batches come by the second; others are rare enough.
  const isOften = /^(journal|outbox): (block|points)/.test(point.name);
  const times = isOften ? 1 + Math.floor(random() * 10) : 1;
  return { point, times, need: point.need, delayMs: 0 };
}

function atRandom(random: Random): Round {
  const need = randomNeeds[Math.floor(random() * randomNeeds.length)]!;
  const longestMs = need === 'start' ? 600 : 1000;
  return { point: undefined, times: 1, need, delayMs: Math.floor(random() * longestMs) };
}

function shuffled<T>(all: readonly T[], random: Random): T[] {
  return all
    .map((one) => ({ one, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ one }) => one);
}

function dealt(groups: readonly (readonly Round[])[]): Episode[] {
  const episodes: Round[][] = [];
  for (const group of groups) {
    const last = episodes.at(-1);
    if (last !== undefined && last.length + group.length <= roundsOfEpisode) last.push(...group);
    else episodes.push([...group]);
  }
  return episodes;
}
