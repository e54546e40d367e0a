{
  # What ships: the addon, and the monitor, a static program that runs on any libc. The sources are listed in native/sources.json,
  # which native/CMakeLists.txt (development: tests, sanitizers, fuzzers) reads as well.
  'target_defaults': {
    'include_dirs': ['native'],
    'defines': ['_GNU_SOURCE'],
    'cflags': ['-Wall', '-Wextra', '-Wswitch', '-fvisibility=hidden', '-ffunction-sections', '-fdata-sections'],
    'cflags_cc': ['-std=gnu++23', '-fno-exceptions', '-fno-rtti', '-fno-asynchronous-unwind-tables'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-fexceptions', '-frtti'],
    'ldflags': ['-Wl,--gc-sections', '-s'],
    'configurations': {'Release': {'cflags!': ['-O3'], 'cflags': ['-O2']}},
  },
  'targets': [
    {
      # Compiled once for both.
      'target_name': 'tspod-shared',
      'type': 'static_library',
      'sources': [
        "<!@(node -p \"const s=require('./native/sources.json'); [...s.core,...s.plan,...s.ops].map(f=>'native/'+f).join(' ')\")",
      ],
      'cflags': ['-fPIC'],
    },
    {
      'target_name': 'tspod',
      'dependencies': ['tspod-shared'],
      'sources': ["<!@(node -p \"require('./native/sources.json').addon.map(f=>'native/'+f).join(' ')\")"],
      'include_dirs': ["<!(node -p \"require('node-addon-api').include_dir\")"],
      # A worker that is terminated while it loads the addon cannot receive exceptions any more: that must not end the process.
      'defines': ['NAPI_DISABLE_CPP_EXCEPTIONS', 'NAPI_VERSION=9', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
      'libraries': ['-ldl'],
      # Node.js unloads an addon with the last worker that has it; its threads, and what workers share, must outlive them.
      'ldflags': ['-Wl,-z,nodelete'],
    },
    {
      'target_name': 'tspod-monitor',
      'type': 'executable',
      'dependencies': ['tspod-shared'],
      'sources': [
        "<!@(node -p \"const s=require('./native/sources.json'); [...s.monitor,...s.monitorMain].map(f=>'native/'+f).join(' ')\")",
      ],
      'cflags!': ['-fPIC', '-pthread'],
      # No relocation, so that all monitors of a machine share nearly all of their memory.
      'cflags': ['-fno-pie'],
      'ldflags': ['-static', '-no-pie'],
      'ldflags!': ['-pthread', '-rdynamic'],
    },
  ],
}
