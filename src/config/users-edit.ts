/**
 * Changes one user in the text of a users file, and leaves what people wrote around it: comments, order, other users.
 *
 * Invariant: a changed password changes no other character of the file. What is no list of users is refused, not repaired.
 * Not here: whether the file as a whole is valid; reading and writing it.
 */

import { type Document, isMap, isScalar, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { GatewayError } from '../core/errors.ts';

export interface UserEdit {
  readonly name: string;
  /** Its new hash. */
  readonly password: string;
  /** Undefined: as they are. */
  readonly publish?: readonly string[] | undefined;
  readonly subscribe?: readonly string[] | undefined;
}

export interface EditedUsers {
  readonly text: string;
  readonly isNew: boolean;
  /** It may do nothing yet. */
  readonly isIdle: boolean;
}

/** Adds the user, or changes what is given of it. Throws a `GatewayError`. */
export function setUser(original: string, edit: UserEdit): EditedUsers {
  const document = read(original);
  const users = usersOf(document);
  const user = find(users, edit.name);
  const isIdle = [edit.publish, edit.subscribe].every((filters) => !filters?.length) && !hasRights(user);
  if (user === undefined) {
    const { name, password, publish = [], subscribe = [] } = edit;
    add(document, users, { name, password, publish, subscribe });
    return { text: write(document), isNew: true, isIdle };
  }
  const replaced = edit.publish || edit.subscribe ? undefined : withPassword(original, user, edit.password);
  if (replaced !== undefined) return { text: replaced, isNew: false, isIdle };
  user.set('password', edit.password);
  user.delete('certificate');
  for (const key of ['publish', 'subscribe'] as const) {
    if (edit[key]) user.set(key, inOneLine(document, edit[key]));
  }
  return { text: write(document), isNew: false, isIdle };
}

/** Undefined when there is no such user. */
export function deleteUser(original: string, name: string): string | undefined {
  const document = read(original);
  const users = usersOf(document);
  const user = find(users, name);
  if (user === undefined) return undefined;
  users.items.splice(users.items.indexOf(user), 1);
  users.flow = users.items.length === 0;
  return write(document);
}

function read(text: string): Document.Parsed {
  const document = parseDocument(text, { stringKeys: true, prettyErrors: false });
  const [error] = document.errors;
  if (error) throw new GatewayError(`the users file is no YAML: ${error.message}`, { remedy });
  return document;
}
const remedy = 'correct it first: `headgate check` shows where';

/** The list, which is made in an empty file. */
function usersOf(document: Document): YAMLSeq {
  const { contents } = document;
  if (contents === null || isNothing(contents)) document.contents = document.createNode({ users: [] });
  const root = document.contents;
  const users = isMap(root) ? root.get('users', true) : undefined;
  if (isSeq(users) && users.items.every(isMap)) return users;
  const isUnlisted = users === undefined ? isMap(root) && root.items.length === 0 : isNothing(users);
  if (isMap(root) && isUnlisted) {
    const list = document.createNode([]);
    root.set('users', list);
    return list;
  }
  throw new GatewayError('the users file holds no list of users', { remedy });
}

function isNothing(node: unknown): boolean {
  return isScalar(node) && node.value === null;
}

function find(users: YAMLSeq, name: string): YAMLMap | undefined {
  return users.items.filter(isMap).find((user) => user.get('name') === name);
}

function hasRights(user: YAMLMap | undefined): boolean {
  return ['publish', 'subscribe'].some((key) => {
    const filters = user?.get(key);
    return isSeq(filters) && filters.items.length > 0;
  });
}

function add(document: Document, users: YAMLSeq, user: Record<string, unknown>): void {
  const node = document.createNode(user) as YAMLMap;
  for (const key of ['publish', 'subscribe'])
    node.set(key, inOneLine(document, user[key] as readonly string[]));
  if (users.items.length === 0) users.flow = false;
  users.items.push(node);
}

function inOneLine(document: Document, filters: readonly string[]): YAMLSeq {
  const list = document.createNode(filters) as YAMLSeq;
  list.flow = true;
  return list;
}

/** The file with another password in its place; undefined when there is none yet. */
function withPassword(original: string, user: YAMLMap, password: string): string | undefined {
  const before = user.get('password', true);
  if (!isScalar(before) || !before.range || user.has('certificate')) return undefined;
  // The range of a block (`>-`, `|`) includes the end of its line.
  if (before.type === 'BLOCK_FOLDED' || before.type === 'BLOCK_LITERAL') return undefined;
  const [start, end] = before.range;
  return `${original.slice(0, start)}"${password}"${original.slice(end)}`;
}

function write(document: Document): string {
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
