import { EnvironmentError } from '../../../shared/errors.js'

/** No native TensorFlow exists for this system, architecture or C library. */
export class UnsupportedPlatformError extends EnvironmentError {
  override readonly code = 'unsupported_platform'
}

/** A program that the set-up needs (Python with pip, make, a C++ compiler) is not installed. */
export class MissingToolError extends EnvironmentError {
  override readonly code = 'missing_tool'
}

/** The cache folder's file system has too little free space. */
export class DiskSpaceError extends EnvironmentError {
  override readonly code = 'disk_space'
}

/** A file is not the one that was pinned. */
export class HashMismatchError extends EnvironmentError {
  override readonly code = 'hash_mismatch'
}

/** The compiler ran and failed. */
export class CompileError extends EnvironmentError {
  override readonly code = 'compile'
}
