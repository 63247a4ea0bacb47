/** Everything a local cloud holds, as a folder of NDJSON that people and other programs can read. */
export { exportData, type ExportSummary } from './export.ts';
export { importData } from './import.ts';
