/** Folders and files that are made are for their owner alone: they hold personal data. What is there keeps its rights. */
export const folderMode = 0o700
export const fileMode = 0o600
