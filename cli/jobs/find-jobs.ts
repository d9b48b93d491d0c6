import { readJobReport } from '../../coordinator/store/search-reader.js'
import type { FailureGroup, JobRecord } from '../../shared/cluster/job-record.js'
import { ControlClient } from '../../shared/rpc/control-client.js'
import { openEndpoint, type EndpointWords } from '../cluster/endpoint.js'
import { UsageError } from '../output.js'

export interface FoundJobs {
  /** Jobs listed, by state. */
  readonly counts: Readonly<Record<JobRecord['state'], number>>
  /** Of the whole search, most frequent first. */
  readonly failures: readonly FailureGroup[]
  readonly jobs: readonly JobRecord[]
}

export interface JobsWords extends EndpointWords {
  readonly directory: string | undefined
  readonly failed: boolean
}

/** From the search's folder, or from its coordinator. @throws UsageError unless one of the two is named */
export async function findJobs(words: JobsWords): Promise<FoundJobs> {
  const isRemote = words.coordinator !== undefined || words.discovery !== undefined
  if (isRemote === (words.directory !== undefined)) throw new UsageError('name the folder of the search, or its coordinator with --coordinator host:port')
  const { jobs, failures } = words.directory === undefined ? await ask(words) : readJobReport(words.directory, words.failed)
  const counts = { queued: 0, leased: 0, running: 0, done: 0 }
  for (const { state } of jobs) counts[state]++
  return { counts, failures, jobs }
}

async function ask(words: JobsWords): Promise<{ readonly jobs: JobRecord[]; readonly failures: FailureGroup[] }> {
  const { endpoint, close } = await openEndpoint(words)
  const client = new ControlClient(endpoint)
  try {
    const jobs: JobRecord[] = []
    for await (const job of client.listJobs({ failed: words.failed })) jobs.push(job)
    return { jobs, failures: await client.summarizeFailures() }
  } finally {
    client.close()
    await close()
  }
}
