import { testDStreams } from './dstream.ts';

testDStreams('dstream_basic');
