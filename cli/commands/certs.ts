import type { Argv, CommandModule } from 'yargs'
import type { InitOptions } from '../certs/init.js'
import type { InspectOptions } from '../certs/inspect.js'
import type { IssueOptions } from '../certs/issue.js'
import type { CreateTokenOptions } from '../certs/tokens.js'
import type { GlobalOptions } from '../output.js'

const authority = { type: 'string', default: 'certs', requiresArg: true, describe: 'Folder of the authority, as given to init' } as const
const hosts = {
  type: 'string',
  default: '',
  requiresArg: true,
  describe: 'Names and IP addresses that the coordinator is reached by, parted by commas',
} as const
const force = { type: 'boolean', default: false, describe: 'Replace files that are there' } as const

const init: CommandModule<GlobalOptions, GlobalOptions & InitOptions> = {
  command: 'init',
  describe: 'Make an authority and the certificate of a coordinator',
  builder: (yargs) =>
    yargs
      .option('output', { ...authority, describe: 'Folder for the authority; its ca.key must stay on this machine' })
      .option('hosts', hosts)
      .option('days', {
        type: 'number',
        default: 3_650,
        requiresArg: true,
        describe: "How long the authority is valid; the coordinator's certificate a year at most",
      })
      .option('force', force)
      .example('$0 certs init --output certs --hosts head-1,10.0.0.5', 'writes ca.crt, ca.key, coordinator.crt and coordinator.key'),
  handler: async (options) => (await import('../certs/init.js')).initAuthority(options),
}

const issue: CommandModule<GlobalOptions, GlobalOptions & IssueOptions> = {
  command: 'issue',
  describe: 'Issue a certificate for a worker, a person or another coordinator',
  builder: (yargs) =>
    yargs
      .option('role', {
        choices: ['viewer', 'operator', 'worker', 'coordinator'],
        demandOption: true,
        describe: 'viewer: sees; operator: also steers; worker: trains; coordinator: serves',
      })
      .option('name', {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'Whom it stands for: 1 to 64 letters, digits, dots, dashes, underscores',
      })
      .option('days', { type: 'number', default: 365, requiresArg: true, describe: 'How long it is valid' })
      .option('hosts', hosts)
      .option('authority', authority)
      .option('output', { type: 'string', requiresArg: true, describe: "Folder for the files; default: the authority's" })
      .option('force', force)
      .example('$0 certs issue --role worker --name gpu-1 --days 365', 'writes certs/gpu-1.crt and gpu-1.key')
      .example('$0 certs issue --role operator --name ada --output ada', 'a folder to hand over: ada.crt, ada.key and ca.crt'),
  handler: async (options) => (await import('../certs/issue.js')).issue(options),
}

const inspect: CommandModule<GlobalOptions, GlobalOptions & InspectOptions> = {
  command: 'inspect <file>',
  describe: 'Show what a certificate is for and what is wrong with it; exit code 1 if anything is',
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'Certificate in PEM' })
      .option('ca', { type: 'string', requiresArg: true, describe: "The authority's certificate; default: ca.crt beside the file" })
      .example('$0 certs inspect certs/gpu-1.crt', 'name, role, validity, authority'),
  handler: async (options) => (await import('../certs/inspect.js')).inspect(options),
}

const tokenCreate: CommandModule<GlobalOptions, GlobalOptions & CreateTokenOptions> = {
  command: 'create',
  describe: "Make a token that a new machine exchanges for a worker's certificate; shown once",
  builder: (yargs) =>
    yargs
      .option('authority', authority)
      .option('lifetime', { type: 'string', default: '24h', requiresArg: true, describe: 'How long it may be used' })
      .option('uses', { type: 'number', default: 1, requiresArg: true, describe: 'How many machines may join with it' })
      .option('days', { type: 'number', default: 365, requiresArg: true, describe: "How long the workers' certificates are valid; workers renew them before they expire" })
      .option('note', { type: 'string', default: '', requiresArg: true, describe: 'What it is for, shown by list' })
      .example('$0 certs token create --lifetime 1h --uses 8', 'for eight workers within the hour'),
  handler: async (options) => (await import('../certs/tokens.js')).createToken(options),
}

const tokenList: CommandModule<GlobalOptions, GlobalOptions & { readonly authority: string }> = {
  command: 'list',
  describe: 'Show the tokens that may still be used',
  builder: (yargs) => yargs.option('authority', authority),
  handler: async (options) => (await import('../certs/tokens.js')).listTokens(options),
}

const tokenRevoke: CommandModule<GlobalOptions, GlobalOptions & { readonly authority: string; readonly id: string }> = {
  command: 'revoke <id>',
  describe: 'Make a token useless; certificates that were issued for it stay valid',
  builder: (yargs) => yargs.positional('id', { type: 'string', demandOption: true, describe: 'As list shows it' }).option('authority', authority),
  handler: async (options) => (await import('../certs/tokens.js')).revokeToken(options),
}

const list: CommandModule<GlobalOptions, GlobalOptions & { readonly authority: string }> = {
  command: 'list',
  describe: 'Show the certificates that were issued, and which are still in force',
  builder: (yargs) => yargs.option('authority', authority),
  handler: async (options) => (await import('../certs/revoke.js')).list(options),
}

const revoke: CommandModule<GlobalOptions, GlobalOptions & { readonly authority: string; readonly who: string }> = {
  command: 'revoke <who>',
  describe: 'Make certificates useless before their time: all of a name, or the one in a file',
  builder: (yargs) =>
    yargs
      .positional('who', { type: 'string', demandOption: true, describe: 'Name that they were issued for, or a certificate file' })
      .option('authority', authority)
      .example('$0 certs revoke gpu-1', 'signs certs/ca.crl anew; a coordinator that reads it closes their connections'),
  handler: async (options) => (await import('../certs/revoke.js')).revoke(options),
}

const token: CommandModule<GlobalOptions, GlobalOptions> = {
  command: 'token <command>',
  describe: 'Join tokens for new workers',
  builder: (yargs) => subcommands(yargs, [tokenCreate, tokenList, tokenRevoke], 'create, list or revoke'),
  handler: () => undefined,
}

export const certs: CommandModule<GlobalOptions, GlobalOptions> = {
  command: 'certs <command>',
  describe: 'Certificates and join tokens of a cluster',
  builder: (yargs) =>
    subcommands(yargs, [init, issue, inspect, list, revoke, token], 'init, issue, inspect, list, revoke or token').example(
      '$0 certs init --hosts head-1',
      'the first step of a cluster with more than one machine',
    ),
  handler: () => undefined,
}

function subcommands(yargs: Argv<GlobalOptions>, list: readonly unknown[], names: string): Argv<GlobalOptions> {
  return yargs.command(list as CommandModule[]).demandCommand(1, `say what to do: ${names}; --help explains them`).strict()
}
