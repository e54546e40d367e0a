{
  # What ships: the addon, and the monitor, a static program that runs on any libc. The sources are listed in native/sources.json,
  # which native/CMakeLists.txt (development: tests, sanitizers, fuzzers) reads as well.
  'variables': {
    'shared_sources': [
      "<!@(node -p \"const s=require('./native/sources.json'); [...s.core,...s.plan,...s.ops].map(f=>'native/'+f).join(' ')\")",
    ],
  },
  'target_defaults': {
    'include_dirs': ['native'],
    'cflags': ['-Wall', '-Wextra', '-Wswitch', '-fvisibility=hidden', '-ffunction-sections', '-fdata-sections'],
    'cflags_cc': ['-std=gnu++23', '-fno-exceptions', '-fno-rtti', '-fno-threadsafe-statics', '-fno-asynchronous-unwind-tables'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-std=c++17', '-std=c++20', '-fexceptions', '-frtti'],
    'defines': ['_GNU_SOURCE'],
    'ldflags': ['-Wl,--gc-sections'],
  },
  'targets': [
    {
      'target_name': 'tspod',
      'sources': [
        '<@(shared_sources)',
        "<!@(node -p \"require('./native/sources.json').addon.map(f=>'native/'+f).join(' ')\")",
      ],
      'include_dirs': ["<!(node -p \"require('node-addon-api').include_dir\")"],
      'defines': ['NAPI_DISABLE_CPP_EXCEPTIONS', 'NAPI_VERSION=9'],
      # Its tables of functions are made once and from several threads.
      'cflags_cc!': ['-fno-threadsafe-statics'],
      'libraries': ['-ldl'],
      # Stays when the last worker that loaded it ends: what is sealed once per process is kept by it.
      'ldflags': ['-Wl,-z,nodelete'],
    },
    {
      'target_name': 'tspod-monitor',
      'type': 'executable',
      'sources': [
        '<@(shared_sources)',
        "<!@(node -p \"const s=require('./native/sources.json'); [...s.monitor,...s.monitorMain].map(f=>'native/'+f).join(' ')\")",
      ],
      'cflags!': ['-fPIC', '-pthread'],
      'cflags': ['-fno-pie'],
      # No relocation, so that all monitors of a machine share nearly all of their memory.
      'ldflags': ['-static', '-no-pie', '-s'],
      'ldflags!': ['-pthread', '-rdynamic'],
    },
  ],
}
