/**
 * The tree of an expression as written: the part of CEL that is over numbers, strings and booleans.
 *
 * Invariant: `start` and `end` are offsets into the text the node was parsed from; parentheses around a node are not
 * part of it.
 */

interface Span {
  readonly start: number;
  readonly end: number;
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in';

export type Ast =
  | (Span & { readonly kind: 'literal'; readonly value: number | string | boolean | null })
  /** As written: `1h`. Only functions that ask for one take it. */
  | (Span & { readonly kind: 'duration'; readonly text: string })
  | (Span & {
      readonly kind: 'name';
      readonly name: string;
      /** Where the name stands for a part that was taken out: that part, printed. */
      readonly written?: string;
    })
  | (Span & { readonly kind: 'member'; readonly object: Ast; readonly member: string })
  | (Span & { readonly kind: 'unary'; readonly operator: '!' | '-'; readonly operand: Ast })
  | (Span & {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Ast;
      readonly right: Ast;
    })
  | (Span & {
      readonly kind: 'logical';
      readonly operator: '&&' | '||';
      readonly left: Ast;
      readonly right: Ast;
    })
  | (Span & { readonly kind: 'conditional'; readonly test: Ast; readonly yes: Ast; readonly no: Ast })
  | (Span & {
      readonly kind: 'call';
      readonly name: string;
      readonly receiver?: Ast;
      readonly args: readonly Ast[];
    })
  | (Span & { readonly kind: 'list'; readonly items: readonly Ast[] });

/** The parts of a node, in the order they are written. */
export function childrenOf(node: Ast): readonly Ast[] {
  switch (node.kind) {
    case 'literal':
    case 'duration':
    case 'name':
      return [];
    case 'member':
      return [node.object];
    case 'unary':
      return [node.operand];
    case 'binary':
    case 'logical':
      return [node.left, node.right];
    case 'conditional':
      return [node.test, node.yes, node.no];
    case 'call':
      return node.receiver ? [node.receiver, ...node.args] : node.args;
    case 'list':
      return node.items;
  }
}

/** A copy in which `change` has replaced the nodes for which it gives another one, from the outermost inwards. */
export function rewrite(node: Ast, change: (node: Ast) => Ast | undefined): Ast {
  const changed = change(node);
  if (changed) return changed;
  const inner = (child: Ast): Ast => rewrite(child, change);
  switch (node.kind) {
    case 'literal':
    case 'duration':
    case 'name':
      return node;
    case 'member':
      return { ...node, object: inner(node.object) };
    case 'unary':
      return { ...node, operand: inner(node.operand) };
    case 'binary':
    case 'logical':
      return { ...node, left: inner(node.left), right: inner(node.right) };
    case 'conditional':
      return { ...node, test: inner(node.test), yes: inner(node.yes), no: inner(node.no) };
    case 'call':
      return {
        ...node,
        ...(node.receiver && { receiver: inner(node.receiver) }),
        args: node.args.map(inner),
      };
    case 'list':
      return { ...node, items: node.items.map(inner) };
  }
}

/** The expression in one canonical spelling: equal trees print alike, whatever their blanks and parentheses. */
export function print(node: Ast): string {
  switch (node.kind) {
    case 'literal':
      return typeof node.value === 'string' ? JSON.stringify(node.value) : String(node.value);
    case 'duration':
      return node.text;
    case 'name':
      return node.written ?? node.name;
    case 'member':
      return printMember(printPart(node.object), node.member);
    case 'unary':
      return `${node.operator}${printPart(node.operand)}`;
    case 'binary':
    case 'logical':
      return `${printPart(node.left)} ${node.operator} ${printPart(node.right)}`;
    case 'conditional':
      return `${printPart(node.test)} ? ${printPart(node.yes)} : ${printPart(node.no)}`;
    case 'call': {
      const receiver = node.receiver ? `${printPart(node.receiver)}.` : '';
      return `${receiver}${node.name}(${node.args.map(print).join(', ')})`;
    }
    case 'list':
      return `[${node.items.map(print).join(', ')}]`;
  }
}

function printMember(object: string, member: string): string {
  return /^\w+$/.test(member) ? `${object}.${member}` : `${object}[${JSON.stringify(member)}]`;
}

/** Every compound part in parentheses, so that no reader needs to know which operator binds tighter. */
function printPart(node: Ast): string {
  const compound = ['unary', 'binary', 'logical', 'conditional'].includes(node.kind);
  return compound ? `(${print(node)})` : print(node);
}
