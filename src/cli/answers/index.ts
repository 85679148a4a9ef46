/** What a running gateway can be asked over its socket: a file each, and a line here. */

import type { Gateway } from '../../gateway.ts';
import type { Answers } from '../status-socket.ts';
import { answerAck } from './ack.ts';
import { answerAlerts } from './alerts.ts';
import { answerCut } from './cut.ts';
import { answerExplain } from './explain.ts';
import { answerEndSilence, answerSilence } from './silence.ts';
import { answerTap } from './tap.ts';

export function answersOf(gateway: Gateway): Answers {
  return {
    status: () => gateway.status(),
    alerts: () => answerAlerts(gateway),
    cut: () => answerCut(gateway),
    tap: (args) => answerTap(gateway, args),
    devices: () => gateway.devices(),
    explain: (args) => answerExplain(gateway, args),
    ack: (args) => answerAck(gateway, args),
    silence: (args) => answerSilence(gateway, args),
    'end-silence': (args) => answerEndSilence(gateway, args),
  };
}
