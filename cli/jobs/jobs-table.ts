import type { JobRecord } from '../../shared/cluster/job-record.js'
import { formatGibibytes } from '../../shared/gibibytes.js'
import type { FoundJobs } from './find-jobs.js'

/** Lines of a table that a person still reads. */
const mostListed = 50

/** For people: how many jobs are in which state, what failed and why, and the latest jobs. */
export function jobsTable({ counts, failures, jobs }: FoundJobs): string {
  const states = Object.entries(counts).map(([state, count]) => `${count} ${state}`)
  const groups = failures.map(({ reason, attempts, jobs: concerned, workers, givenUp, latestMessage }) => {
    return `  ${reason}: ${attempts} attempts of ${concerned} jobs on ${workers} workers, ${givenUp} given up; latest: ${latestMessage}`
  })
  const listed = jobs.slice(-mostListed)
  const lines = listed.map(lineOf)
  const more = jobs.length > listed.length ? [`  the latest ${listed.length} of ${jobs.length}; all of them: --json`] : []
  return [`jobs: ${states.join(', ')}`, ...(groups.length > 0 ? ['failures by reason:', ...groups] : []), ...more, ...lines].join('\n')
}

function lineOf({ id, state, outcome, failureReason, attempt, encoding, reason, workerId, outgrownMemoryBytes }: JobRecord): string {
  const how = failureReason ?? outcome ?? state
  const where = workerId === null ? '' : ` on ${workerId}`
  const outgrown = outgrownMemoryBytes === null ? '' : `, ran out of ${formatGibibytes(outgrownMemoryBytes)}`
  return `  ${id}  ${how}${where}, attempt ${attempt}${outgrown}, ${encoding}${reason ? `: ${reason}` : ''}`
}
