import { MemoryStore } from '../../simulator/memory-store.js'
import { storeContract } from '../store/contract.js'

const stores = new Map<string, MemoryStore>()

storeContract('in memory', (directory) => {
  const store = stores.get(directory) ?? new MemoryStore()
  stores.set(directory, store)
  return store
})
