/**
 * `npm run fuzz [-- TARGET… --runs N --seed S --from I]`: all targets, or these, with so many inputs each.
 *
 * The inputs are tried in a process; this one watches it: an input that takes longer than `hangMs` is a failure, as is memory
 * that grows from input to input. A failure is printed with its seed and number, and its bytes as small as they could be made.
 */

import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';
import { targets } from './targets/index.ts';

const hangMs = 60_000;
/** What a million inputs may leave behind. */
const mostGrowthBytes = 64 * 1024 * 1024;

interface Order {
  readonly name: string;
  readonly seed: number;
  readonly from: number;
  readonly runs: number;
}

interface Outcome {
  readonly growthBytes: number;
  readonly failure?: {
    readonly input: number;
    readonly hex: string;
    readonly text: string;
    readonly error: string;
  };
}

/** From the process that tries: which input it is at, or what came of all of them. */
type News = { readonly at: number } | { readonly outcome: Outcome };

function orders(): Order[] {
  const options = { runs: { type: 'string' }, seed: { type: 'string' }, from: { type: 'string' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const unknown = positionals.find((name) => !Object.hasOwn(targets, name));
  if (unknown !== undefined)
    throw new Error(`no target ${unknown}; known: ${Object.keys(targets).join(', ')}`);
  const seed = Number(values.seed ?? Date.now() % 1e9);
  const [from, runs] = [Number(values.from ?? 0), Number(values.runs ?? 10_000)];
  return (positionals.length > 0 ? positionals : Object.keys(targets)).map((name) => ({
    name,
    seed,
    from,
    runs,
  }));
}

/** Of one target. Resolves with whether nothing was found. */
function run(order: Order): Promise<boolean> {
  const { name, seed, runs } = order;
  const child = fork(import.meta.filename, [JSON.stringify(order)], { execArgv: ['--expose-gc'] });
  const startedMs = performance.now();
  let at = order.from;
  let outcome: Outcome | undefined;
  const tell = (what: string): void => console.log(`${name}: ${what}`);
  const again = (input: number): string => `npm run fuzz -- ${name} --seed ${seed} --from ${input} --runs 1`;
  const hang = setInterval(() => child.kill('SIGKILL'), hangMs);
  child.on('message', (news: News) => {
    hang.refresh();
    if ('at' in news) at = news.at;
    else outcome = news.outcome;
  });
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      clearInterval(hang);
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
      if (outcome === undefined) {
        const why =
          signal === 'SIGKILL'
            ? `takes longer than ${hangMs / 1000} s`
            : `ends the process (${signal ?? code})`;
        tell(`an input after ${at} ${why}: ${again(at)}`);
      } else if (outcome.failure !== undefined) {
        const { input, text, hex, error } = outcome.failure;
        tell(`input ${input} fails: ${again(input)}\n  ${text}\n  ${hex}\n${error}`);
      } else {
        tell(
          `${runs} inputs, ${seconds} s, ${(outcome.growthBytes / 2 ** 20).toFixed(1)} MiB more than before`,
        );
        if (outcome.growthBytes > mostGrowthBytes) tell('memory grows');
      }
      resolve(
        outcome !== undefined && outcome.failure === undefined && outcome.growthBytes <= mostGrowthBytes,
      );
    });
  });
}

/** News at most so often. */
const newsEveryMs = 500;

async function work({ name, seed, from, runs }: Order): Promise<Outcome> {
  const collect = globalThis.gc!;
  let toldMs = 0;
  const onInput = (at: number): void => {
    if (performance.now() - toldMs < newsEveryMs) return;
    toldMs = performance.now();
    process.send!({ at });
  };
  const target = targets[name]!;
  const warmUp = Math.min(Math.floor(runs / 10), 5000);
  const first = await fuzz(target, { seed, from, runs: warmUp, onInput });
  collect();
  const before = process.memoryUsage().heapUsed;
  const failure = first ?? (await fuzz(target, { seed, from: from + warmUp, runs: runs - warmUp, onInput }));
  collect();
  const growthBytes = process.memoryUsage().heapUsed - before;
  if (failure === undefined) return { growthBytes };
  const { input, bytes, error } = failure;
  const text = JSON.stringify(bytes.toString().slice(0, 2000));
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    growthBytes: 0,
    failure: { input, hex: bytes.toString('hex').slice(0, 4000), text, error: words },
  };
}

if (process.send === undefined) {
  let good = true;
  for (const order of orders()) good = (await run(order)) && good;
  process.exitCode = good ? 0 : 1;
} else {
  const outcome = await work(JSON.parse(process.argv[2]!) as Order);
  process.send({ outcome }, () => process.exit());
}
