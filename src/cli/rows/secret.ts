/** Secrets as commands print them. */
import type { SecretSummary } from '../../engine/secrets/types.js';
import { fromJson, type JsonShape } from '../format/from-json.js';
import { ago } from '../format/human.js';
import { goString } from '../format/print.js';
import { struct, type GoStruct } from '../format/values.js';

export const SECRET_HEADINGS = {
  ID: 'ID',
  Name: 'NAME',
  Driver: 'DRIVER',
  CreatedAt: 'CREATED',
  UpdatedAt: 'UPDATED',
} as const satisfies Readonly<Record<string, string>>;

/** The only driver. */
const DRIVER = 'file';

export function secretLine({ id, name, createdAt, updatedAt }: SecretSummary, now: Date) {
  return { ID: id, Name: name, Driver: DRIVER, CreatedAt: ago(createdAt, now), UpdatedAt: ago(updatedAt, now) };
}

export function secretLineStruct(secret: SecretSummary, now: Date): GoStruct {
  return struct('secret', secretLine(secret, now));
}

/** Details of a secret with Podman's field names. */
export interface SecretReport {
  readonly ID: string;
  readonly CreatedAt: string;
  readonly UpdatedAt: string;
  readonly Spec: {
    readonly Name: string;
    readonly Driver: { readonly Name: string; readonly Options: Readonly<Record<string, string>> };
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly SecretData?: string;
}

export function secretReport(secret: SecretSummary, data?: Buffer): SecretReport {
  const { id, name, createdAt, updatedAt, labels, driverOptions } = secret;
  return {
    ID: id,
    CreatedAt: createdAt.toISOString(),
    UpdatedAt: updatedAt.toISOString(),
    Spec: { Name: name, Driver: { Name: DRIVER, Options: driverOptions }, Labels: labels },
    ...(data === undefined ? {} : { SecretData: data.toString() }),
  };
}

const SHAPE: JsonShape = {
  maps: new Set(['Options', 'Labels']),
  times: new Set(['CreatedAt', 'UpdatedAt']),
  typeOf: () => 'entities.SecretInfoReport',
};

export function secretStruct(report: SecretReport): GoStruct {
  return fromJson({ SecretData: '', ...report }, SHAPE) as GoStruct;
}

/** Prints a secret for people; the columns are aligned (or not) as in Podman. */
export function prettySecret({ ID, CreatedAt, UpdatedAt, Spec, SecretData }: SecretReport): string {
  const labels = Object.entries(Spec.Labels).map(([key, value]) => (value === '' ? ` - ${key}` : ` - ${key}=${value}`));
  const lines = [
    `ID:              ${ID}`,
    `Name:              ${Spec.Name}`,
    ...(labels.length === 0 ? [] : ['Labels:', ...labels]),
    `Driver:            ${Spec.Driver.Name}`,
    `Created at:        ${timeText(CreatedAt)}`,
    `Updated at:        ${timeText(UpdatedAt)}`,
    ...(SecretData === undefined ? [] : [`Secret:            ${SecretData}`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function timeText(text: string): string {
  return goString({ kind: 'time', text });
}
