/**
 * A simulated bus: what one says while it drives its line up and down, in the format of Helsinki's buses.
 *
 * Invariant: pure. The messages of [a, c) are those of [a, b) and those of [b, c), so time may be cut anywhere.
 * Not here: which buses there are, and silence.
 */

import { chance } from './noise.ts';

/** What the simulation agrees on: its seed, when it begins, and some midnight of the site's local time. */
export interface Depot {
  readonly seed: number;
  readonly startMs: number;
  readonly midnightMs: number;
}

export interface Message {
  readonly atMs: number;
  /** The device that sends; each has its own connection. */
  readonly sender: string;
  readonly topic: string;
  readonly payload: string;
}

export interface Bus {
  readonly vehicle: string;
  readonly capacity: number;
  readonly line: Line;
}

interface Line {
  readonly name: string;
  readonly route: string;
  /** Terminals as [name, latitude, longitude]. */
  readonly ends: readonly [Terminal, Terminal];
}
type Terminal = readonly [name: string, latitude: number, longitude: number];

const lines: readonly Line[] = [
  {
    name: '64',
    route: '1064',
    ends: [
      ['Rautatientori', 60.1713, 24.9437],
      ['Itä-Pakila', 60.2447, 24.9601],
    ],
  },
  {
    name: '520',
    route: '5520',
    ends: [
      ['Martinlaakso', 60.2784, 24.8522],
      ['Matinkylä (M)', 60.1597, 24.7383],
    ],
  },
  {
    name: '58',
    route: '1058',
    ends: [
      ['Munkkivuori', 60.2069, 24.8782],
      ['Itäkeskus (M)', 60.2101, 25.0778],
    ],
  },
  {
    name: '20',
    route: '1020',
    ends: [
      ['Eira', 60.1563, 24.9384],
      ['Lauttasaari', 60.1594, 24.8768],
    ],
  },
];

export const operator = '0070';
const capacities = [78, 78, 67, 78, 67, 78, 117, 78, 67, 78, 117, 78];

/** The depot's twelve buses; rules/fleet.csv knows them. */
export const buses: readonly Bus[] = capacities.map((capacity, i) => ({
  vehicle: `070${String(i + 1).padStart(2, '0')}`,
  capacity,
  line: lines[i % lines.length]!,
}));

const minuteMs = 60_000;
const layoverMs = 4 * minuteMs;
const stops = 14;
/** Doors close so long after the bus has stopped. */
const dwellMs = 20_000;

/** One run from terminal to terminal and the pause after it. */
interface Trip {
  readonly number: number;
  readonly startMs: number;
  readonly driveMs: number;
}

function tripOf(depot: Depot, index: number, number: number): Trip {
  const tripMs = Math.round((34 + 9 * chance(depot.seed, index, 1)) * minuteMs);
  const firstMs = depot.startMs - Math.round(tripMs * chance(depot.seed, index, 2));
  return { number, startMs: firstMs + number * tripMs, driveMs: tripMs - layoverMs };
}

function tripAt(depot: Depot, index: number, ms: number): Trip {
  const first = tripOf(depot, index, 0);
  return tripOf(depot, index, Math.floor((ms - first.startMs) / (first.driveMs + layoverMs)));
}

/** How much of a city wants to travel, 0 … 1, by the local time of day. */
export function demandAt(depot: Depot, ms: number): number {
  const hour = ((((ms - depot.midnightMs) / 3_600_000) % 24) + 24) % 24;
  const bell = (peak: number, width: number): number => Math.exp(-(((hour - peak) / width) ** 2) / 2);
  return Math.max(0.06, 0.4 * bell(13, 4), bell(7.6, 0.9), bell(16.2, 1.1));
}

function stopMs(depot: Depot, index: number, trip: Trip, stop: number): number {
  const late = 0.4 * chance(depot.seed, index, 3, trip.number, stop);
  return trip.startMs + Math.round(((stop + late) * trip.driveMs) / stops);
}

/** Passengers aboard after a stop; everyone leaves at the last one. Up to a quarter more than the bus may carry. */
export function loadAfter(depot: Depot, index: number, trip: Trip, stop: number): number {
  if (stop < 0 || stop >= stops - 1) return 0;
  const { capacity } = buses[index]!;
  const along = Math.sin((Math.PI * (stop + 1)) / (stops + 0.5)) ** 0.6;
  const crowd = 0.7 + 0.55 * chance(depot.seed, index, 4, trip.number);
  const chatter = 0.96 + 0.08 * chance(depot.seed, index, 5, trip.number, stop);
  const share = along * crowd * chatter * demandAt(depot, stopMs(depot, index, trip, stop));
  return Math.round(capacity * Math.min(share, 1.25));
}

/** Seconds behind the timetable: grows with the traffic along the trip, is made good at the terminal. */
export function delayAt(depot: Depot, index: number, ms: number): number {
  const trip = tripAt(depot, index, ms);
  const sinceMs = ms - trip.startMs;
  const along = Math.min(1, sinceMs / trip.driveMs);
  const pause = Math.max(0, sinceMs - trip.driveMs) / layoverMs;
  const roadworks = index === 3 && trip.number % 3 === 1;
  const luck = roadworks ? 2.6 : 1.5 * chance(depot.seed, index, 6, trip.number) ** 2;
  const traffic = Math.max(0.35, demandAt(depot, ms));
  return Math.round(300 * traffic * luck * along * (1 - pause) - 20 + 15 * chance(depot.seed, index, 7, ms));
}

/** Everything bus `index` says in [fromMs, toMs), not sorted. */
export function busMessages(depot: Depot, index: number, fromMs: number, toMs: number): Message[] {
  return [...countsOf(depot, index, fromMs, toMs), ...positionsOf(depot, index, fromMs, toMs)];
}

function* countsOf(depot: Depot, index: number, fromMs: number, toMs: number): Generator<Message> {
  const last = tripAt(depot, index, toMs).number;
  for (let number = tripAt(depot, index, fromMs - dwellMs).number; number <= last; number++) {
    const trip = tripOf(depot, index, number);
    for (let stop = 0; stop < stops; stop++) {
      const atMs = stopMs(depot, index, trip, stop) + dwellMs;
      if (atMs >= fromMs && atMs < toMs) yield count(depot, index, trip, stop, atMs);
    }
  }
}

function count(depot: Depot, index: number, trip: Trip, stop: number, atMs: number): Message {
  const { vehicle } = buses[index]!;
  const before = loadAfter(depot, index, trip, stop - 1);
  const load = loadAfter(depot, index, trip, stop);
  const through = Math.floor(Math.min(before, load, 4) * chance(depot.seed, index, 8, trip.number, stop));
  const boarded = Math.max(0, load - before) + through;
  const APC = {
    tst: `${new Date(atMs).toISOString().slice(0, 19)}Z`,
    ...coordinates(depot, index, atMs),
    vehiclecounts: {
      vehicleload: load,
      doorcounts: [
        { door: '1', count: [{ class: 'adult', in: boarded, out: 0 }] },
        { door: '2', count: [{ class: 'adult', in: 0, out: boarded - (load - before) }] },
      ],
      countquality: 'regular',
    },
    schemaVersion: '1-1-0',
  };
  const topic = `/hfp/v2/journey/ongoing/apc-partial/bus/${operator}/${vehicle}`;
  return { atMs, sender: `bus-${vehicle}`, topic, payload: JSON.stringify({ APC }) };
}

function* positionsOf(depot: Depot, index: number, fromMs: number, toMs: number): Generator<Message> {
  const phaseMs = Math.floor(1000 * chance(depot.seed, index, 9));
  const firstMs = Math.ceil((fromMs - phaseMs) / 1000) * 1000 + phaseMs;
  for (let atMs = firstMs; atMs < toMs; atMs += 1000) yield position(depot, index, atMs);
}

function position(depot: Depot, index: number, atMs: number): Message {
  const { vehicle, line } = buses[index]!;
  const trip = tripAt(depot, index, atMs);
  const direction = Math.abs(trip.number % 2);
  const place = coordinates(depot, index, atMs);
  const start = clockTime(trip.startMs - depot.midnightMs);
  const VP = {
    desi: line.name,
    dir: String(direction + 1),
    oper: Number(operator),
    veh: Number(vehicle),
    tst: new Date(atMs).toISOString(),
    tsi: Math.floor(atMs / 1000),
    spd: speedAt(depot, index, trip, atMs),
    ...place,
    dl: -delayAt(depot, index, atMs),
    start,
    loc: 'GPS',
    route: line.route,
    occu: 0,
  };
  const journey = `${line.route}/${direction + 1}/${line.ends[1 - direction]![0]}/${start}/1130106`;
  const topic = `/hfp/v2/journey/ongoing/vp/bus/${operator}/${vehicle}/${journey}/5/${geohash(place.lat, place.long)}`;
  return { atMs, sender: `bus-${vehicle}`, topic, payload: JSON.stringify({ VP }) };
}

/** Metres a second: 0 at stops and terminals. */
function speedAt(depot: Depot, index: number, trip: Trip, ms: number): number {
  if (ms - trip.startMs >= trip.driveMs) return 0;
  for (let stop = 0; stop < stops; stop++) {
    const sinceMs = ms - stopMs(depot, index, trip, stop);
    if (sinceMs >= 0 && sinceMs < dwellMs) return 0;
  }
  return Math.round((7 + 8 * chance(depot.seed, index, 10, Math.floor(ms / 30_000))) * 100) / 100;
}

function coordinates(depot: Depot, index: number, ms: number): { lat: number; long: number } {
  const trip = tripAt(depot, index, ms);
  const along = Math.min(1, (ms - trip.startMs) / trip.driveMs);
  const [from, to] = buses[index]!.line.ends;
  const share = trip.number % 2 === 0 ? along : 1 - along;
  const bend = 0.004 * Math.sin(3 * Math.PI * share);
  const between = (a: number, b: number): number => Math.round((a + (b - a) * share + bend) * 1e6) / 1e6;
  return { lat: between(from[1], to[1]), long: between(from[2], to[2]) };
}

/** HFP's topic levels of a place: whole degrees, then one decimal of both a level. */
function geohash(lat: number, long: number): string {
  const [north, east] = [lat.toFixed(3), long.toFixed(3)].map((text) => text.split('.')) as [
    string[],
    string[],
  ];
  const decimals = [0, 1, 2].map((i) => `${north[1]![i]}${east[1]![i]}`);
  return `${north[0]};${east[0]}/${decimals.join('/')}`;
}

function clockTime(sinceMidnightMs: number): string {
  const minutes = Math.floor(sinceMidnightMs / minuteMs);
  const two = (value: number): string => String(((value % 60) + 60) % 60).padStart(2, '0');
  return `${String(((Math.floor(minutes / 60) % 24) + 24) % 24).padStart(2, '0')}:${two(minutes)}`;
}
