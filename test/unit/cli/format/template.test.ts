import test from 'ava';

import { renderTemplate } from '../../../../src/cli/format/template.js';
import { stringMap, struct, type GoValue } from '../../../../src/cli/format/values.js';

const DATA: GoValue = struct('thing', {
  Name: 'web',
  Empty: '',
  Count: 3,
  Zero: 0,
  Half: { kind: 'float', value: 1.5 },
  Yes: true,
  No: false,
  Nil: null,
  List: ['a', 'b', 'c'],
  None: [],
  Numbers: [10, 20],
  Labels: stringMap({ z: 'last', a: 'first' }),
  NoLabels: stringMap({}),
  Inner: struct('inner', { Deep: struct('deep', { Value: 'down' }) }),
  Items: [struct('item', { Key: 'k1' }), struct('item', { Key: 'k2' })],
  Created: { kind: 'time', text: '2024-03-05T07:08:09.120Z' },
  Never: { kind: 'time', text: '0001-01-01T00:00:00Z' },
});

const renders = test.macro<[string, string]>({
  exec: (t, source, expected) => t.is(renderTemplate('t', source, DATA), expected),
  title: (_, source) => `renders ${source}`,
});

const fails = test.macro<[string, string]>({
  exec: (t, source, expected) => {
    t.is(t.throws(() => renderTemplate('t', source, DATA))?.message, expected);
  },
  title: (_, source) => `refuses ${source}`,
});

// text and delimiters
test(renders, '', '');
test(renders, 'plain } { text', 'plain } { text');
test(renders, 'a{{/* nothing */}}b', 'ab');
test(renders, 'a {{- /* nothing */ -}} b', 'ab');
test(renders, 'a {{- 1 -}} b', 'a1b');
test(renders, 'a {{- 1}} b', 'a1 b');
test(renders, 'a {{1 -}}  \n b', 'a 1b');
test(renders, '{{-1}}', '-1');
test(renders, '{{- -1 -}}', '-1');

// fields
test(renders, '{{.Name}}', 'web');
test(renders, '{{ .Name }}', 'web');
test(renders, '{{.Inner.Deep.Value}}', 'down');
test(renders, '{{(index .Items 1).Key}}', 'k2');
test(renders, '{{$.Name}}', 'web');
test(renders, '{{.Labels.a}}', 'first');
test(renders, '{{.Labels.nosuch}}', '<no value>');
test(renders, '{{.Labels}}', 'map[a:first z:last]');
test(renders, '{{.Inner}}', '{{down}}');
test(renders, '{{.List}}', '[a b c]');
test(renders, '{{.Nil}}', '<nil>');
test(renders, '{{.Created}}', '2024-03-05 07:08:09.12 +0000 UTC');
test(renders, '{{.Never}}', '0001-01-01 00:00:00 +0000 UTC');
test(renders, '{{.Created.Format "2006-01-02 15:04"}}', '2024-03-05 07:08');
test(renders, '{{.Created.Format "Mon, 2 Jan 2006 3:04PM MST"}}', 'Tue, 5 Mar 2024 7:08AM UTC');
test(renders, '{{.Created.Format "05.000"}}', '09.120');
test(renders, '{{.Created.Unix}}', '1709622489');
test(renders, '{{.Never.IsZero}} {{.Created.IsZero}}', 'true false');

// constants
test(renders, '{{1}} {{-2}} {{0x10}} {{1_000}} {{0b11}} {{0o17}} {{017}}', '1 -2 16 1000 3 15 15');
test(renders, '{{1.5}} {{1.0}} {{1e3}} {{.5}} {{1e30}} {{0.00001}}', '1.5 1 1000 0.5 1e+30 1e-05');
test(renders, "{{'a'}} {{'\\n'}} {{'\\x41'}}", '97 10 65');
test(renders, '{{"a\\tb\\"c\\u00e9"}}', 'a\tb"cé');
test(renders, '{{`raw \\n`}}', 'raw \\n');
test(renders, '{{true}} {{false}}', 'true false');

// variables
test(renders, '{{$x := 1}}{{$x}}', '1');
test(renders, '{{$x := .Name}}{{$x}}-{{$x}}', 'web-web');
test(renders, '{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}', '2');
test(renders, '{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}', '21');
test(renders, '{{$x := .Inner}}{{$x.Deep.Value}}', 'down');

// branches
test(renders, '{{if .Yes}}y{{else}}n{{end}}', 'y');
test(renders, '{{if .No}}y{{else}}n{{end}}', 'n');
test(renders, '{{if .Empty}}y{{else if .Count}}c{{else}}n{{end}}', 'c');
test(renders, '{{if .Empty}}1{{else if .Zero}}2{{else if .None}}3{{else}}4{{end}}', '4');
test(renders, '{{if .NoLabels}}y{{else}}n{{end}}', 'n');
test(renders, '{{if .Inner}}struct is true{{end}}', 'struct is true');
test(renders, '{{if $x := .Name}}{{$x}}{{end}}', 'web');
test(renders, '{{with .Inner}}{{.Deep.Value}}{{end}}', 'down');
test(renders, '{{with .Empty}}y{{else}}empty {{.Name}}{{end}}', 'empty web');
test(renders, '{{with $x := .Name}}{{.}}{{$x}}{{end}}', 'webweb');

// range
test(renders, '{{range .List}}<{{.}}>{{end}}', '<a><b><c>');
test(renders, '{{range $i, $e := .List}}{{$i}}={{$e}},{{end}}', '0=a,1=b,2=c,');
test(renders, '{{range $e := .List}}{{$e}}{{end}}', 'abc');
test(renders, '{{range .None}}x{{else}}none{{end}}', 'none');
test(renders, '{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}', 'a=first;z=last;');
test(renders, '{{range .Labels}}{{.}};{{end}}', 'first;last;');
test(renders, '{{range .Nil}}x{{else}}nil{{end}}', 'nil');
test(renders, '{{range .Items}}{{.Key}}{{$.Name}} {{end}}', 'k1web k2web ');
test(renders, '{{range .List}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}', 'a');
test(renders, '{{range .List}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}', 'ac');
test(renders, '{{$last := ""}}{{range .List}}{{$last = .}}{{end}}{{$last}}', 'c');

// pipelines
test(renders, '{{.Name | printf "%s-%s" "x"}}', 'x-web');
test(renders, '{{.Name | len}}', '3');
test(renders, '{{"x" | printf "%q" | printf "%s!"}}', '"x"!');
test(renders, '{{(1)}}', '1');
test(renders, '{{printf "%d" (len .List)}}', '3');
test(renders, '{{len (index .List 0)}}', '1');

// comparison and logic
test(renders, '{{eq 1 1}} {{eq 1 2}} {{eq 1 2 1}} {{eq "a" .Name "web"}}', 'true false true false');
test(renders, '{{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 2 1}} {{ge 1 2}}', 'true true true true false');
test(renders, '{{lt "a" "b"}} {{eq .Yes true}} {{lt 1.5 2.5}}', 'true true true');
test(renders, '{{and 1 0 2}} {{and 1 2}} {{or 0 "" 3}} {{or 0 ""}}', '0 2 3 ');
test(renders, '{{or .Yes (index .None 5)}}', 'true');
test(renders, '{{and .No (index .None 5)}}', 'false');
test(renders, '{{not .Yes}} {{not .Zero}}', 'false true');
test(renders, '{{if and .Yes (gt .Count 2)}}both{{end}}', 'both');
test(renders, '{{eq .Nil nil}}', 'true');

// collections
test(renders, '{{len .List}} {{len .Name}} {{len .Labels}}', '3 3 2');
test(renders, '{{index .List 1}} {{index .Labels "a"}} [{{index .Labels "no"}}]', 'b first []');
test(renders, '{{index .Numbers 0}} {{index "abc" 1}}', '10 98');
test(renders, '{{slice .List 1}} {{slice .List 0 1}} {{slice .Name 1 2}}', '[b c] [a] e');

// printing
test(renders, '{{print 1 2 "a" "b" 3}}', '1 2ab3');
test(renders, '{{println 1 "a"}}', '1 a\n');
test(renders, '{{printf "%v %+v %T" .Inner .Inner .Count}}', '{{down}} {Deep:{Value:down}} int');
test(renders, '{{printf "%5d|%-5d|%05d|%+d" 42 42 42 42}}', '   42|42   |00042|+42');
test(renders, '{{printf "%s|%5s|%-5s|%.2s|%q" "abc" "abc" "abc" "abc" "abc"}}', 'abc|  abc|abc  |ab|"abc"');
test(renders, '{{printf "%x %X %o %b %c %U" 255 255 8 5 65 233}}', 'ff FF 10 101 A U+00E9');
test(renders, '{{printf "%.2f %e %g" 1.5 1.5 1.5}}', '1.50 1.500000e+00 1.5');
test(renders, '{{printf "%t %v%%" true 50}}', 'true 50%');
test(renders, '{{printf "%d" "x"}}', '%!d(string=x)');
test(renders, '{{printf "%s" 1}}', '%!s(int=1)');
test(renders, '{{printf "%d"}}', '%!d(MISSING)');
test(renders, '{{printf "%d" 1 2}}', '1%!(EXTRA int=2)');
test(renders, '{{printf "%*d" 5 42}}', '   42');
test(renders, '{{printf "%s" .List}}', '[a b c]');
test(renders, '{{printf "%x" "hi"}}', '6869');

// Podman's functions
test(renders, '{{json .Labels}}', '{"a":"first","z":"last"}');
test(renders, '{{json .List}} {{json .Name}} {{json .Nil}} {{json .Half}}', '["a","b","c"] "web" null 1.5');
test(renders, '{{.Inner | json}}', '{"Deep":{"Value":"down"}}');
test(renders, '{{json .Created}}', '"2024-03-05T07:08:09.120Z"');
test(renders, '{{join .List ","}}', 'a,b,c');
test(renders, '{{split "a:b" ":"}}', '[a b]');
test(renders, '{{upper .Name}} {{lower "ABC"}} {{title "hello big world"}}', 'WEB abc Hello Big World');
test(renders, '{{truncate "abcdef" 3}} {{truncate "ab" 3}}', 'abc ab');
test(renders, '[{{pad "x" 1 2}}] [{{pad "" 1 2}}]', '[ x  ] []');

// templates
test(renders, '{{define "x"}}<{{.}}>{{end}}{{template "x" .Name}}{{template "x" 1}}', '<web><1>');
test(renders, '{{block "b" .Name}}[{{.}}]{{end}}', '[web]');

// mistakes in the template
test(fails, '{{', 'template: t:1: unclosed action');
test(fails, '{{.Name', 'template: t:1: unclosed action');
test(fails, '{{.Name}', `template: t:1: bad character U+007D '}'`);
test(fails, '{{.Name{{end}}', `template: t:1: bad character U+007B '{'`);
test(fails, '{{/* no end', 'template: t:1: unclosed comment');
test(fails, '{{nosuch 1}}', 'template: t:1: function "nosuch" not defined');
test(fails, '{{$x}}', 'template: t:1: undefined variable "$x"');
test(fails, '{{if true}}', 'template: t:1: unexpected EOF');
test(fails, '{{end}}', 'template: t:1: unexpected {{end}}');
test(fails, '{{else}}', 'template: t:1: unexpected {{else}}');
test(fails, '{{if}}x{{end}}', 'template: t:1: missing value for if');
test(fails, '{{range}}x{{end}}', 'template: t:1: missing value for range');
test(fails, '{{}}', 'template: t:1: missing value for command');
test(fails, '{{(1}}', 'template: t:1: unclosed left paren');
test(fails, '{{1)}}', 'template: t:1: unexpected ")" in command');
test(fails, '{{"abc}}', 'template: t:1: unterminated quoted string');
test(fails, '{{`abc}}', 'template: t:1: unterminated raw quoted string');
test(fails, '\n\n{{nosuch}}', 'template: t:3: function "nosuch" not defined');
test(fails, '{{1x}}', 'template: t:1: bad number syntax: "1x"');
test(fails, '{{. | 1}}', 'template: t:1: non executable command in pipeline stage 2');
test(renders, '{{1 |}}', '1');
test(fails, '{{break}}', 'template: t:1: {{break}} outside {{range}}');
test(fails, '{{$x, $y := 1}}', 'template: t:1: too many declarations in command');
test(fails, '{{!}}', 'template: t:1: unexpected "!" in command');
test(fails, '{{é!\u0001}}', `template: t:1: bad character U+0021 '!'`);
test(fails, '{{$x = 1}}', 'template: t:1:7: executing "t" at <1>: undefined variable: $x');

// mistakes that show when it is carried out
test(fails, '{{.Nosuch}}', 'template: t:1:2: executing "t" at <.Nosuch>: can\'t evaluate field Nosuch in type thing');
test(
  fails,
  'ab{{.Inner.No}}',
  'template: t:1:10: executing "t" at <.Inner.No>: can\'t evaluate field No in type inner',
);
test(fails, 'a\nb{{.X}}', 'template: t:2:3: executing "t" at <.X>: can\'t evaluate field X in type thing');
test(fails, '{{.Name.Sub}}', 'template: t:1:7: executing "t" at <.Name.Sub>: can\'t evaluate field Sub in type string');
test(fails, '{{.Nil.Sub}}', 'template: t:1:6: executing "t" at <.Nil.Sub>: nil pointer evaluating interface {}.Sub');
test(
  fails,
  '{{index .List 9}}',
  'template: t:1:2: executing "t" at <index .List 9>: error calling index: index out of range: 9',
);
test(fails, '{{len 3}}', 'template: t:1:2: executing "t" at <len 3>: error calling len: len of type int');
test(
  fails,
  '{{eq 1 "a"}}',
  'template: t:1:2: executing "t" at <eq 1 "a">: error calling eq: incompatible types for comparison',
);
test(fails, '{{eq 1}}', 'template: t:1:2: executing "t" at <eq 1>: error calling eq: missing argument for comparison');
test(
  fails,
  '{{join .Name ","}}',
  'template: t:1:7: executing "t" at <.Name>: wrong type for value; expected []string; got string',
);
test(fails, '{{upper 3}}', 'template: t:1:8: executing "t" at <3>: expected string; found 3');
test(fails, '{{upper}}', 'template: t:1:2: executing "t" at <upper>: wrong number of args for upper: want 1 got 0');
test(fails, '{{range 3}}{{end}}', `template: t:1:8: executing "t" at <3>: range can't iterate over 3`);
test(fails, '{{template "x"}}', 'template: t:1:11: executing "t" at <{{template "x"}}>: template "x" not defined');
test(fails, '{{nil}}', 'template: t:1:2: executing "t" at <nil>: nil is not a command');
test(fails, '{{1 2}}', `template: t:1:2: executing "t" at <1>: can't give argument to non-function 1`);

test('a template that calls itself without end is refused', (t) => {
  const error = t.throws(() => renderTemplate('t', '{{define "x"}}{{template "x"}}{{end}}{{template "x"}}', null));
  t.regex(error?.message ?? '', /exceeded maximum template depth/);
});

test('a template nested without end is refused', (t) => {
  const error = t.throws(() => renderTemplate('t', '{{if 1}}'.repeat(5000) + '{{end}}'.repeat(5000), null));
  t.regex(error?.message ?? '', /nested more than 500 deep/);
  const parens = t.throws(() => renderTemplate('t', `{{${'('.repeat(5000)}1${')'.repeat(5000)}}}`, null));
  t.regex(parens?.message ?? '', /nested more than 500 deep/);
});

test('fields that every JavaScript object has are not fields', (t) => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty', '__proto__']) {
    t.regex(t.throws(() => renderTemplate('t', `{{.${name}}}`, DATA))?.message ?? '', /can't evaluate field/);
  }
});

test('an alias of a field finds it, and is not printed', (t) => {
  const data = struct('x', { Id: '1' }, { ID: 'Id' });
  t.is(renderTemplate('t', '{{.ID}}{{.Id}}{{json .}}', data), '11{"Id":"1"}');
});
