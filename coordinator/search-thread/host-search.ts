import type { Logger } from 'pino'
import { hostInProcess, type HostSearch } from '../run/search-host.js'
import { resumeSearch } from '../search/resume-search.js'
import { ThreadedSearch, type SearchThreadEvent } from './threaded-search.js'

/** Where a coordinator's search lives: a model takes tens of milliseconds for a proposal and seconds for a fit, so it gets a thread. */
export function hostOnDemand(logger: Logger): HostSearch {
  return (specification, history) =>
    specification.algorithm === 'nasoa'
      ? new ThreadedSearch({ specification, history, observe: (event) => log(logger, event) })
      : hostInProcess(resumeSearch(specification, history))
}

function log(logger: Logger, event: SearchThreadEvent): void {
  switch (event.kind) {
    case 'fit':
      return logger.debug(event, 'the model of the search is up to date')
    case 'fit_failed':
      return logger.error(event, 'the model of the search could not be fitted: it goes on with the last one and is tried again')
    case 'restarted':
      return logger.error(event, 'the thread of the search died: it is started again')
    case 'without_model':
      return logger.error(event, 'the thread of the search died again: the search goes on without its model, as plain evolution')
    case 'lost':
      return logger.error(event, 'the thread of the search died for good: the search ends')
  }
}
