/** One of two that start at once: makes many secret files as soon as the moment has come, and prints what each holds. */
import { secretFile } from './secret-file.ts'

const [, , folder = '', moment = ''] = process.argv
while (Date.now() < Number(moment));
const files = Array.from({ length: 300 }, (_, index) => `${folder}/${index}.key`)
// The one that is behind has less to do, so that the two stay side by side.
console.log(JSON.stringify(files.map((file) => secretFile(file).secret)))
