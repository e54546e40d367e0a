/** Runs a seccomp filter as the kernel does (linux/filter.h, seccomp(2)), and counts what it takes. */

export interface SystemCall {
  readonly number: number;
  /** AUDIT_ARCH_*. @default x86_64 */
  readonly architecture?: number;
  readonly args?: readonly bigint[];
}

export interface Verdict {
  /** SECCOMP_RET_*, with its data. */
  readonly action: number;
  /** Instructions that were carried out. */
  readonly steps: number;
}

const AUDIT_ARCH_X86_64 = 0xc000003e;

/** struct seccomp_data: number, architecture, instruction pointer, six arguments. */
function seccompData({ number, architecture = AUDIT_ARCH_X86_64, args = [] }: SystemCall): Buffer {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(architecture, 4);
  args.forEach((value, index) => data.writeBigUInt64LE(value, 16 + 8 * index));
  return data;
}

export function runFilter(filter: Uint8Array, call: SystemCall): Verdict {
  const program = Buffer.from(filter);
  const data = seccompData(call);
  let accumulator = 0;
  let at = 0;
  for (let steps = 1; ; steps += 1, at += 1) {
    const [code, ifTrue, ifFalse] = [program.readUInt16LE(at * 8), program[at * 8 + 2] ?? 0, program[at * 8 + 3] ?? 0];
    const value = program.readUInt32LE(at * 8 + 4);
    const jump = (condition: boolean): number => (condition ? ifTrue : ifFalse);
    // prettier-ignore
    switch (code) {
      case 0x20: accumulator = data.readUInt32LE(value); break;
      case 0x54: accumulator = (accumulator & value) >>> 0; break;
      case 0x05: at += value; break;
      case 0x15: at += jump(accumulator === value); break;
      case 0x25: at += jump(accumulator > value); break;
      case 0x35: at += jump(accumulator >= value); break;
      case 0x45: at += jump((accumulator & value) !== 0); break;
      case 0x06: return { action: value, steps };
      default: throw new Error(`instruction ${code.toString(16)}`);
    }
  }
}
