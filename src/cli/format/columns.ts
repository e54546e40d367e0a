/** Elastic tab stops: in successive lines, cells that end with a tab are made equally wide. */

export interface ColumnOptions {
  /** Minimum width of a column, including its padding. @default 12 */
  readonly minWidth?: number;
  /** Spaces after the widest cell. @default 2 */
  readonly padding?: number;
}

/** Replaces the tabs of a text by spaces; the last cell of a line belongs to no column. */
export function alignColumns(text: string, options: ColumnOptions = {}): string {
  const { minWidth = 12, padding = 2 } = options;
  const lines = text.split('\n').map((line) => line.split('\t'));
  const output = lines.map(() => '');

  // Aligns lines[from..to), of which the columns before `column` are written.
  const align = (from: number, to: number, column: number): void => {
    for (let line = from; line < to;) {
      let stop = line;
      while (stop < to && column < cells(stop) - 1) stop++;
      if (stop === line) {
        output[line] += lines[line]?.[column] ?? '';
        line++;
        continue;
      }
      const width = lines
        .slice(line, stop)
        .reduce((widest, row) => Math.max(widest, displayWidth(row[column] ?? '') + padding), minWidth);
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

/**
 * Formats rows of cells as a table. All rows have the same number of cells. Each column is as wide as its widest cell;
 * the last one is not padded.
 */
export function tableText(rows: readonly (readonly string[])[], options: ColumnOptions = {}): string {
  const { minWidth = 12, padding = 2 } = options;
  const lines = rows.map(measured);
  const widths = (rows[0] ?? []).map((_, column) =>
    lines.reduce((widest, { cells, excess }) => {
      return Math.max(widest, widthOf(cells[column] ?? '', excess?.[column]) + padding);
    }, minWidth),
  );
  return lines.map((line) => lineText(line, widths)).join('');
}

interface Line {
  readonly cells: readonly string[];
  /** By how much the length of each cell exceeds its display width; undefined if none does. */
  readonly excess: readonly number[] | undefined;
}

/** Measures a row. Most rows are plain ASCII, which one test of the whole row shows. */
function measured(row: readonly string[]): Line {
  if (isPlain(row.join(''))) return { cells: row, excess: undefined };
  const cells = row.map(cellText);
  return { cells, excess: cells.map((cell) => cell.length - displayWidth(cell)) };
}

function widthOf(cell: string, excess = 0): number {
  return cell.length - excess;
}

function lineText({ cells, excess }: Line, widths: readonly number[]): string {
  let text = '';
  for (let i = 0; i < cells.length - 1; i++) text += cells[i]?.padEnd((widths[i] ?? 0) + (excess?.[i] ?? 0)) ?? '';
  return `${text}${cells.at(-1) ?? ''}\n`;
}

/** Replaces tabs and line ends, which would break the row. */
function cellText(text: string): string {
  return text.replaceAll(/[\t\n]/g, ' ');
}

/** Whether all characters are printable ASCII: equally wide, and none ends a cell or a line. */
function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** Counts characters, not code units. East Asian wide characters count once, as in Podman. */
function displayWidth(text: string): number {
  return isPlain(text) ? text.length : [...text].length;
}
