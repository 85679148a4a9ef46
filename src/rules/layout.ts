/** How a device's readings lie in columns: which field has which slot, which tag which place. */

import { type DeviceProfile, valueTypeOf } from '../config/schema.ts';
import { parseTopic } from '../config/topic.ts';
import type { DevicePlan } from './plan.ts';

/** Fields in the order of the profile; tags of the topic first, then those of the profile. */
export function layoutOf(profile: DeviceProfile): DevicePlan {
  const topicTags = profile.topic === undefined ? [] : parseTopic(profile.topic).tagNames;
  return {
    profile,
    fields: Object.entries(profile.fields).map(([name, { type }]) => ({ name, type: valueTypeOf(type) })),
    tags: [...new Set([...topicTags, ...Object.keys(profile.tags)])],
  };
}
