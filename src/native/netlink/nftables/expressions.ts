/**
 * Expressions, of which nf_tables rules are made. Pure. Values go through registers: 1 (16 bytes), or 8 and up (4 bytes
 * each, 8 to 11 are register 1).
 */
import type { NetlinkWriter } from '../draft.js';
import { FAMILIES, JUMP, type NftExpression } from './message.js';

/** The register into which all values are loaded, and the first of its parts of 4 bytes. */
const REGISTER = 1;
export const PART_OF_REGISTER = 8;
const VERDICT_REGISTER = 0;

const META = { l4Protocol: 16, nfProtocol: 15, inName: 6, outName: 7 } as const;

function expression(name: string, write: (writer: NetlinkWriter) => void): NftExpression {
  return { name, write };
}

export function meta(key: keyof typeof META, register = REGISTER): NftExpression {
  return expression('meta', (writer) => writer.u32be(2, META[key]).u32be(1, register));
}

const BASES = { network: 1, transport: 2 } as const;

export interface Payload {
  readonly base: keyof typeof BASES;
  readonly offset: number;
  readonly length: number;
}

export function payload({ base, offset, length }: Payload, register = REGISTER): NftExpression {
  return expression('payload', (writer) =>
    writer.u32be(1, register).u32be(2, BASES[base]).u32be(3, offset).u32be(4, length),
  );
}

const COMPARISONS = { equal: 0, notEqual: 1 } as const;
const DATA_VALUE = 1;

/** Continues with the rule if the register has (or does not have) this value. */
export function compare(how: keyof typeof COMPARISONS, value: Uint8Array): NftExpression {
  return expression('cmp', (writer) =>
    writer
      .u32be(1, REGISTER)
      .u32be(2, COMPARISONS[how])
      .nested(3, () => writer.attribute(DATA_VALUE, value)),
  );
}

/** Clears all bits of the register that are not in the mask. */
export function mask(bits: Uint8Array): NftExpression {
  return expression('bitwise', (writer) =>
    writer
      .u32be(1, REGISTER)
      .u32be(2, REGISTER)
      .u32be(3, bits.length)
      .nested(4, () => writer.attribute(DATA_VALUE, bits))
      .nested(5, () => writer.attribute(DATA_VALUE, new Uint8Array(bits.length))),
  );
}

export interface Lookup {
  readonly set: string;
  /** Id of the set within the batch. */
  readonly id: number;
  /** For maps: target of the data. @default none: only whether the set has the key matters */
  readonly into?: 'register' | 'verdict';
}

export function lookup({ set, id, into }: Lookup): NftExpression {
  return expression('lookup', (writer) => {
    writer.u32be(2, REGISTER);
    if (into !== undefined) writer.u32be(3, into === 'verdict' ? VERDICT_REGISTER : REGISTER);
    writer.text(1, set).u32be(4, id);
  });
}

const VERDICTS = { drop: 0, accept: 1, return: 0xfffffffb } as const;

export function verdict(code: keyof typeof VERDICTS): NftExpression {
  return decide(VERDICTS[code]);
}

export function jump(chain: string): NftExpression {
  return decide(JUMP, chain);
}

function decide(code: number, chain?: string): NftExpression {
  return expression('immediate', (writer) =>
    writer.u32be(1, VERDICT_REGISTER).nested(2, () => {
      writer.nested(2, () => {
        writer.u32be(1, code);
        if (chain !== undefined) writer.text(2, chain);
      });
    }),
  );
}

const CT_STATE = 0;
const CT_STATUS = 2;

/** Loads the state bits of the connection. */
export function connectionState(): NftExpression {
  return expression('ct', (writer) => writer.u32be(2, CT_STATE).u32be(1, REGISTER));
}

/** Loads the status bits of the connection. */
export function connectionStatus(): NftExpression {
  return expression('ct', (writer) => writer.u32be(2, CT_STATUS).u32be(1, REGISTER));
}

const FIB_RESULT_TYPE = 3;
const FIB_DESTINATION = 2;

/** Loads the kind of address that the destination is to this host (RTN_*). */
export function destinationType(): NftExpression {
  return expression('fib', (writer) => writer.u32be(3, FIB_DESTINATION).u32be(2, FIB_RESULT_TYPE).u32be(1, REGISTER));
}

export function counter(): NftExpression {
  return expression('counter', () => undefined);
}

const NAT_DESTINATION = 1;

/** Redirects the connection to the address and port in the register, one after the other. */
export function destinationNat(family: 'ip' | 'ip6'): NftExpression {
  const port = PART_OF_REGISTER + (family === 'ip' ? 1 : 4);
  return expression('nat', (writer) =>
    writer.u32be(1, NAT_DESTINATION).u32be(2, FAMILIES[family]).u32be(3, REGISTER).u32be(5, port),
  );
}

export function masquerade(): NftExpression {
  return expression('masq', () => undefined);
}
