import { codecContract } from './codec.contract.ts';
import { value } from './value.ts';

codecContract(
  value,
  { name: 'value' },
  {
    good: [
      { payload: '23.5', rows: [{ value: '23.5' }] },
      { payload: ' 23.5 \r\n', rows: [{ value: '23.5' }] },
      { payload: 'on', rows: [{ value: 'on' }] },
      { payload: '\ufeff-1e3', rows: [{ value: '-1e3' }] },
      { payload: 'door ouverte à 3 h', rows: [{ value: 'door ouverte à 3 h' }] },
      { payload: 'sent as \ufffd', rows: [{ value: 'sent as \ufffd' }] },
    ],
    bad: [
      { payload: '', message: /empty/ },
      { payload: ' \r\n ', message: /empty/ },
      { payload: '1\n2', message: /one value on one line, found "\\n" in "1\\n2"/ },
      { payload: '23.5\0', message: /found "\\u0000"/ },
      { payload: Buffer.from('2\ufffd3\xff', 'latin1'), message: /not UTF-8: byte 0x.. at offset/ },
      {
        payload: Buffer.concat([Buffer.from('ä\ufffd'), Buffer.from([0xff])]),
        message: /not UTF-8: byte 0xff at offset 5/,
      },
    ],
  },
);
