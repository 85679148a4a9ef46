#!/usr/bin/env node
/** Where the process begins. Everything else is loaded after the thread pool has its size. */

// Serial reads, fdatasync and zstd share libuv's pool; its size is read once, when it is first used.
process.env.UV_THREADPOOL_SIZE ??= '8';

const { main } = await import('./cli/index.ts');
process.exitCode = await main(process.argv.slice(2));
