import test from 'ava';

import { alignColumns, tableText } from '../../../../src/cli/format/columns.js';
import { isJsonFormat, renderReport } from '../../../../src/cli/format/report.js';
import { struct } from '../../../../src/cli/format/values.js';

const ROWS = [struct('row', { ID: '1', Names: 'first' }), struct('row', { ID: '22', Names: 'second name' })];
const HEADINGS = { ID: 'CONTAINER ID', Names: 'NAMES' };

test('columns are at least 12 wide and end two spaces after the widest cell', (t) => {
  t.is(
    tableText([
      ['ID', 'A LONG HEADING', 'LAST'],
      ['1', 'x', 'y'],
    ]),
    'ID          A LONG HEADING  LAST\n1           x               y\n',
  );
});

test('the last cell of a line has no column', (t) => {
  t.is(
    alignColumns('a\tb\nlonger than twelve\tc\nalone, and long, and longer\n'),
    'a                   b\nlonger than twelve  c\nalone, and long, and longer\n',
  );
});

test('lines that do not follow each other are not aligned with each other', (t) => {
  t.is(alignColumns('a\tb\n\nlonger than twelve\tc\n'), 'a           b\n\nlonger than twelve  c\n');
});

test('characters are counted, not code units', (t) => {
  t.is(
    tableText([
      ['日本', 'x'],
      ['😀', 'y'],
    ]),
    '日本          x\n😀           y\n',
  );
});

test('a cell cannot break its row', (t) => {
  t.is(tableText([['a\nb', 'c\td']]), 'a b         c d\n');
});

test('a template prints a line for each row', (t) => {
  t.is(renderReport({ name: 'ps', format: '{{.ID}}:{{.Names}}', rows: ROWS }), '1:first\n22:second name\n');
});

test('\\t and \\n in a format are a tab and a line end', (t) => {
  t.is(renderReport({ name: 'ps', format: '{{.ID}}\\t{{.Names}}\\n', rows: ROWS }), '1\tfirst\n22\tsecond name\n');
});

test('\\t and \\n in a string of a template are left to the template, which then ends without another line end', (t) => {
  const render = (format: string) => renderReport({ name: 'ps', format, rows: ROWS.slice(0, 1) });
  t.is(render('{{.ID}}{{"\\n"}}'), '1\n');
  t.is(render('{{printf "%s\\n" .ID}}'), '1\n');
  t.is(render('{{join (split "a,b" ",") "\\n"}}'), 'a\nb');
  t.is(render('{{"a\\\\nb"}}'), 'a\\nb');
  t.is(render('{{"\\"\\n"}}x\\ty{{printf "%c" \'\\n\'}}'), '"\nx\ty\n');
  t.is(render('{{.ID}}{{"\\t"}}x\\ty'), '1\tx\ty\n');
  t.is(render('{{.ID}}{{`\\n`}}'), '1\n\n');
  t.is(render('{{"}}\\n"}}\\n'), '}}\n\n');
});

test('a string of a table may hold spaces, }} and line ends', (t) => {
  const report = renderReport({ name: 'ps', format: 'table {{.ID}} {{"a }} b"}}', rows: ROWS, headings: HEADINGS });
  t.is(report, 'CONTAINER ID  a }} b\n1             a }} b\n22            a }} b\n');
  t.is(renderReport({ name: 'ps', format: 'table {{.ID}}{{"\\n"}}', rows: ROWS, heading: false }), '1\n22\n');
});

test('table aligns columns under headings', (t) => {
  const report = renderReport({ name: 'ps', format: 'table {{.ID}} {{.Names}}', rows: ROWS, headings: HEADINGS });
  t.is(report, 'CONTAINER ID  NAMES\n1             first\n22            second name\n');
});

test('table without heading', (t) => {
  const report = renderReport({
    name: 'ps',
    format: 'table {{ .ID }}\\t{{ .Names }}',
    rows: ROWS,
    headings: HEADINGS,
    heading: false,
  });
  t.is(report, '1           first\n22          second name\n');
});

test('spaces inside {{ }} of a table do not separate columns', (t) => {
  const report = renderReport({
    name: 'ps',
    format: 'table {{printf "%s %s" .ID .Names}}',
    rows: ROWS,
    headings: HEADINGS,
  });
  t.is(report, 'CONTAINER ID NAMES\n1 first\n22 second name\n');
});

test('a format that ranges over the rows itself is used as it is', (t) => {
  t.is(renderReport({ name: 'ps', format: '{{range .}}<{{.ID}}>{{end}}', rows: ROWS }), '<1><22>\n');
});

test('the place in a message is that of the format inside its range', (t) => {
  const error = t.throws(() => renderReport({ name: 'ps', format: '{{.Foo}}', rows: ROWS }));
  t.is(error?.message, `template: ps:1:13: executing "ps" at <.Foo>: can't evaluate field Foo in type row`);
});

test('json is asked for by its name or as a template', (t) => {
  for (const format of ['json', ' json ', '{{json .}}', '{{ json . }}', '{{json}}'])
    t.true(isJsonFormat(format), format);
  for (const format of ['json .', '{{json .ID}}', '{{.}}']) t.false(isJsonFormat(format), format);
});
