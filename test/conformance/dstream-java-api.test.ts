import { testDStreams } from './dstream.ts';

testDStreams('dstream_java_api');
