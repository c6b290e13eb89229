// `pg`, `pg-cursor` and `postgres`, as a service or a notebook uses them.
const [modules, host, port, user, password, database] = process.argv.slice(2);
const load = (name) => require(require.resolve(name, { paths: [modules] }));
const { Client } = load('pg');
const Cursor = load('pg-cursor');
const postgres = load('postgres');

(async () => {
    const login = { host, port: Number(port), user, password, database };
    const client = new Client(login);
    await client.connect();
    const found = await client.query('SELECT * FROM released.presence WHERE people >= $1', [50]);
    console.log('rows', found.rows.length > 0, found.fields.length);
    const cursor = client.query(new Cursor('SELECT * FROM released.presence'));
    const first = await cursor.read(1);
    await cursor.close();
    console.log('cursor', first.length);
    await client.end();
    const sql = postgres({ ...login, username: user });
    const rows = await sql`SELECT * FROM released.presence WHERE people >= ${50}`;
    console.log('tagged', rows.length > 0);
    await sql.end();
})().catch((cause) => {
    console.error(cause);
    process.exit(1);
});
