/** `tap`: what passes, line after line until the asker goes. */

import { GatewayError } from '../../core/errors.ts';
import { type PassingKind, passingKinds } from '../../core/passing.ts';
import type { Gateway } from '../../gateway.ts';
import type { Plan } from '../../rules/plan.ts';
import type { Arguments, Stream } from '../status-socket.ts';
import { optionalTextOf, tagsOf, textOf } from './arguments.ts';
import { remedyFor } from './keys.ts';

type TapGateway = Pick<Gateway, 'plan' | 'tap'>;

/** Throws `GatewayError` for a device, rule or tag that is not there. */
export function answerTap(gateway: TapGateway, args: Arguments): Stream {
  const plan = gateway.plan();
  const kind = kindOf(args);
  const device = optionalTextOf(args, 'device');
  const rule = optionalTextOf(args, 'rule');
  const devices = devicesMeant(plan, device, rule);
  const rules = rulesMeant(plan, device, rule);
  const tags = tagsOf(args, 'tags');
  checkTagNames(plan, kind, { devices, rules }, Object.keys(tags));
  return (send) =>
    gateway.tap({
      ...{ kind, tags },
      ...(devices && { devices }),
      ...(rules && { rules }),
      show: send,
      missed: (missed) => send({ missed }),
    });
}

function kindOf(args: Arguments): PassingKind {
  const word = textOf(args, 'kind');
  const kind = passingKinds.find((one) => one === word);
  if (kind !== undefined) return kind;
  throw new GatewayError(`there are no \`${word}\` to tap`, {
    remedy: remedyFor(word, passingKinds, 'what passes'),
  });
}

type Names = ReadonlySet<string> | undefined;

/** The one that was named, or those that a rule reads. */
function devicesMeant({ devices, rules }: Plan, device: string | undefined, rule: string | undefined): Names {
  if (device !== undefined)
    return new Set([
      checked(
        device,
        devices.map(({ profile }) => profile.device),
        'device',
      ),
    ]);
  const read = rules.find(({ name }) => name === rule);
  return read && new Set(read.inputs.map(({ device: one }) => one.profile.device));
}

/** The one that was named, or those that read a device. */
function rulesMeant({ rules }: Plan, device: string | undefined, rule: string | undefined): Names {
  if (rule !== undefined)
    return new Set([
      checked(
        rule,
        rules.map(({ name }) => name),
        'rule',
      ),
    ]);
  if (device === undefined) return undefined;
  const readers = rules.filter(({ inputs }) =>
    inputs.some((input) => input.device.profile.device === device),
  );
  return new Set(readers.map(({ name }) => name));
}

function checked(name: string, known: readonly string[], what: string): string {
  if (known.includes(name)) return name;
  throw new GatewayError(`there is no ${what} \`${name}\``, { remedy: remedyFor(name, known, `${what}s`) });
}

function checkTagNames(
  plan: Plan,
  kind: PassingKind,
  { devices, rules }: { readonly devices: Names; readonly rules: Names },
  names: readonly string[],
): void {
  if (names.length === 0) return;
  if (kind === 'frames') {
    throw new GatewayError('frames have no tags: these are known once a frame is decoded', {
      remedy: 'tap readings, or name a device: headgate tap frames --device NAME',
    });
  }
  const ofDevices = plan.devices.filter(({ profile }) => devices?.has(profile.device) ?? true);
  const ofRules = plan.rules.filter(({ name }) => rules?.has(name) ?? true);
  const known = kind === 'readings' ? ofDevices.flatMap(({ tags }) => tags) : ofRules.flatMap(({ by }) => by);
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new GatewayError(`no ${kind} have a tag \`${name}\``, {
      remedy: remedyFor(name, [...new Set(known)], 'their tags'),
    });
  }
}
