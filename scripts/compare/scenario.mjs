/** How a scenario is written down. */

/** Each command is one line of words. */
export const scenario = (name, ...commands) => ({ name, commands: commands.map((line) => line.split(' ')) });

/** One that is also done where there is little time. */
export const quick = (name, ...commands) => ({ ...scenario(name, ...commands), quick: true });

export const SLEEPER = 'run -d --name c ROOTFS sleep 1000';
