/** Elastic columns: cells that end with a tab, in lines that follow each other, are made equally wide. */

export interface ColumnOptions {
  /** Narrowest column, its padding included. @default 12 */
  readonly minWidth?: number;
  /** Spaces after the widest cell. @default 2 */
  readonly padding?: number;
}

/** Text whose tabs are replaced by spaces; the last cell of a line has no column. */
export function alignColumns(text: string, options: ColumnOptions = {}): string {
  const { minWidth = 12, padding = 2 } = options;
  const lines = text.split('\n').map((line) => line.split('\t'));
  const output = lines.map(() => '');

  // aligns lines[from..to), whose columns up to `column` are written
  const align = (from: number, to: number, column: number): void => {
    for (let line = from; line < to;) {
      let stop = line;
      while (stop < to && column < cells(stop) - 1) stop++;
      if (stop === line) {
        output[line] += lines[line]?.[column] ?? '';
        line++;
        continue;
      }
      const width = Math.max(
        minWidth,
        ...lines.slice(line, stop).map((row) => displayWidth(row[column] ?? '') + padding),
      );
      for (let i = line; i < stop; i++) {
        const cell = lines[i]?.[column] ?? '';
        output[i] += cell + ' '.repeat(width - displayWidth(cell));
      }
      align(line, stop, column + 1);
      line = stop;
    }
  };
  const cells = (line: number): number => lines[line]?.length ?? 0;
  align(0, lines.length, 0);
  return output.join('\n');
}

/** Rows of cells as a table. */
export function tableText(rows: readonly (readonly string[])[], options: ColumnOptions = {}): string {
  return alignColumns(rows.map((row) => `${row.map(cellText).join('\t')}\n`).join(''), options);
}

/** A cell must not break its row. */
function cellText(text: string): string {
  return text.replaceAll(/[\t\n]/g, ' ');
}

/** Characters, not code units; East Asian wide ones are counted once, as the reference does. */
function displayWidth(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : [...text].length;
}
