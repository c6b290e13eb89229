import java.sql.*;
import java.util.*;

/** What DBeaver, DataGrip and Metabase do over JDBC. */
public class Metadata {
    public static void main(String[] arguments) throws Exception {
        Properties login = new Properties();
        login.setProperty("user", arguments[1]);
        login.setProperty("password", arguments[2]);
        try (Connection connection = DriverManager.getConnection(arguments[0], login)) {
            DatabaseMetaData data = connection.getMetaData();
            System.out.println("product " + data.getDatabaseProductName() + " " + data.getDatabaseMajorVersion());
            print("schemas", data.getSchemas(), "TABLE_SCHEM");
            print("tables", data.getTables(null, "released", "%", new String[] {"TABLE", "VIEW"}), "TABLE_NAME");
            print("columns", data.getColumns(null, "released", "presence", "%"), "COLUMN_NAME");
            print("keys", data.getPrimaryKeys(null, "released", "presence"), "COLUMN_NAME");
            print("indexes", data.getIndexInfo(null, "released", "presence", false, false), "INDEX_NAME");
            print("imported", data.getImportedKeys(null, "released", "presence"), "FKCOLUMN_NAME");
            int types = 0;
            try (ResultSet rows = data.getTypeInfo()) {
                while (rows.next()) types++;
            }
            System.out.println("types " + (types > 20));
            connection.setReadOnly(true);
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.setFetchSize(1);
                try (ResultSet rows = statement.executeQuery("SELECT * FROM released.presence LIMIT 5")) {
                    int count = 0;
                    while (rows.next()) count++;
                    System.out.println("fetched " + count);
                }
            }
            String asked = "SELECT people, present_in FROM released.presence WHERE people >= ? ORDER BY 1 LIMIT 3";
            try (PreparedStatement statement = connection.prepareStatement(asked)) {
                long last = 0;
                for (int turn = 0; turn < 6; turn++) {
                    statement.setLong(1, 50);
                    try (ResultSet rows = statement.executeQuery()) {
                        while (rows.next()) last = rows.getLong(1);
                    }
                }
                System.out.println("prepared " + (last >= 50));
            }
            connection.commit();
        }
    }

    static void print(String what, ResultSet rows, String column) throws SQLException {
        List<String> found = new ArrayList<>();
        while (rows.next()) found.add(rows.getString(column));
        rows.close();
        System.out.println(what + " " + found);
    }
}
