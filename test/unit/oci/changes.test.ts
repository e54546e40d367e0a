import test from 'ava';

import { isTspodError } from '../../../src/errors.js';
import { withChanges } from '../../../src/oci/changes.js';

test('changes: each instruction, in both forms', (t) => {
  t.deepEqual(
    withChanges({ Env: ['A=0', 'KEPT=1'], Labels: { old: '1' } }, [
      'ENTRYPOINT ["a", "b"]',
      'CMD=echo x',
      'ENV A=b C="d e" F=\'g h\' I=j\\ k',
      'env X y z',
      'LABEL a="b c" d=e',
      'EXPOSE 80 81/udp',
      'EXPOSE 90-92',
      'VOLUME /a',
      'VOLUME ["/b","/c"]',
      'USER=me',
      'WORKDIR /srv',
      'STOPSIGNAL SIGINT',
      'ONBUILD RUN x',
    ]),
    {
      Env: ['KEPT=1', 'A=b', 'C=d e', 'F=g h', 'I=j k', 'X=y z'],
      Labels: { old: '1', a: 'b c', d: 'e' },
      Entrypoint: ['a', 'b'],
      Cmd: ['/bin/sh', '-c', 'echo x'],
      ExposedPorts: { '80/tcp': {}, '81/udp': {}, '90-92/tcp': {} },
      Volumes: { '/a': {}, '/b': {}, '/c': {} },
      User: 'me',
      WorkingDir: '/srv',
      StopSignal: 'SIGINT',
      OnBuild: ['RUN x'],
    },
  );
});

test('changes: a value with blanks needs no quotes where it is the only one', (t) => {
  t.deepEqual(withChanges({}, ['ENV A=hello world', 'ENV B=x y=z w', 'LABEL=a=b "c" d', "ENV C='d e' f=g"]), {
    Env: ['A=hello world', 'B=x y=z w', 'C=d e', 'f=g'],
    Labels: { a: 'b "c" d' },
  });
});

test('changes: without a value a command is taken away', (t) => {
  const config = { Cmd: ['a'], Entrypoint: ['b'], User: 'me' };
  t.deepEqual(withChanges(config, ['CMD=', 'ENTRYPOINT ']), { User: 'me' });
  t.deepEqual(withChanges(config, ['CMD ', 'entrypoint=', 'ENTRYPOINT x']), {
    User: 'me',
    Entrypoint: ['/bin/sh', '-c', 'x'],
  });
});

test('changes: a relative working directory follows the one before', (t) => {
  const directory = (...changes: string[]) => withChanges({}, changes).WorkingDir;
  t.is(directory('WORKDIR a'), '/a');
  t.is(directory('WORKDIR /a', 'WORKDIR b', 'WORKDIR=c'), '/a/b/c');
  t.is(directory('WORKDIR /a', 'WORKDIR ../b'), '/b');
  t.is(directory('WORKDIR /a', 'WORKDIR /b'), '/b');
  t.is(withChanges({ WorkingDir: '/srv' }, ['WORKDIR www']).WorkingDir, '/srv/www');
});

test('changes: what is none is refused with its words', (t) => {
  for (const text of [
    'CMD',
    'BOGUS x',
    'EXPOSE 0',
    'EXPOSE 70000',
    'EXPOSE x',
    'WORKDIR=',
    'USER ',
    'ENV=',
    'STOPSIGNAL foo',
    'STOPSIGNAL 65',
    'VOLUME rel',
    'CMD [1]',
    'ENV =x',
    'CMD a\0',
  ]) {
    const error = t.throws(() => withChanges({}, [text]), undefined, text);
    t.true(isTspodError(error, 'INVALID_ARGUMENT'), text);
    t.true(error?.message.startsWith('invalid change '), text);
  }
});
