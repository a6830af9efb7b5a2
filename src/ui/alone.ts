/** Opened from a disk, in one file (`xcron debug page`): no node is behind this page, and no other page beside it. */
export const isAlone = typeof location === 'object' && location.protocol === 'file:';
