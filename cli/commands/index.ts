import type { CommandModule } from 'yargs'

/** Every command of the program. A command's own file holds its options and help; what is heavy is imported by its handler. */
export const commands: CommandModule[] = []
