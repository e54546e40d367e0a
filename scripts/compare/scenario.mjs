/** How a scenario is written down. */

/** Each command is one line of words; ␣ is a space in a word. */
export const scenario = (name, ...commands) => ({
  name,
  commands: commands.map((line) => line.split(' ').map((word) => word.replaceAll('␣', ' '))),
});

/** One that is also done where there is little time. */
export const quick = (name, ...commands) => ({ ...scenario(name, ...commands), quick: true });

export const SLEEPER = 'run -d --name c ROOTFS sleep 1000';
