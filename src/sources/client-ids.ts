/**
 * Whom client ids belong to.
 *
 * Invariant: an id belongs to one user from the first connection that comes with it until neither a connection nor a session
 * has it. (MQTT 3.1.1, 3.1.4-2, lets whoever knows an id end its connection and take its messages.)
 */

export interface ClientIds {
  /** Whether the user may use the id; every claim needs its release. */
  claim(id: string, user: string | undefined): boolean;
  release(id: string): void;
  /** The session of an id is no more. */
  sessionEnded(id: string): void;
  /** Ends the sessions of a user who is no more. */
  forgetUser(user: string): void;
}

export interface StoredSessions {
  has(id: string): boolean;
  forget(id: string): void;
}

export function createClientIds(sessions: StoredSessions): ClientIds {
  const owners = new Map<string, { readonly user: string | undefined; connections: number }>();

  function dropUnused(id: string): void {
    const owner = owners.get(id);
    if (owner && owner.connections === 0 && !sessions.has(id)) owners.delete(id);
  }

  return {
    claim(id, user) {
      const owner = owners.get(id);
      if (owner && owner.user !== user) return false;
      if (owner) owner.connections += 1;
      else owners.set(id, { user, connections: 1 });
      return true;
    },
    release(id) {
      const owner = owners.get(id);
      if (!owner) return;
      owner.connections -= 1;
      dropUnused(id);
    },
    sessionEnded: dropUnused,
    forgetUser(user) {
      for (const [id, owner] of owners) {
        if (owner.user !== user) continue;
        sessions.forget(id);
        dropUnused(id);
      }
    },
  };
}
