/** A time or duration as a property, left out when it is unknown or infinite: JSON has no word for those. */
export function knownMs<Name extends string>(name: Name, ms: number | undefined): { [N in Name]?: number } {
  return ms === undefined || !Number.isFinite(ms) ? {} : ({ [name]: ms } as { [N in Name]?: number });
}
