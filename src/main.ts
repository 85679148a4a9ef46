#!/usr/bin/env -S node --max-semi-space-size=8 --expose-gc
/**
 * Where the process begins. Everything else is loaded after the thread pool has its size.
 *
 * The young generation of the heap is kept small: by default V8 lets it grow to 64 MiB and more under load, which buys
 * nothing measurable here (docs/benchmarks.md) and is memory that a small machine wants for its file cache. For the same
 * reason the collector can be called: give-back-memory.ts.
 */

// Serial reads, fdatasync and zstd share libuv's pool; its size is read once, when it is first used.
process.env.UV_THREADPOOL_SIZE ??= '8';

const { main } = await import('./cli/index.ts');
process.exitCode = await main(process.argv.slice(2));
