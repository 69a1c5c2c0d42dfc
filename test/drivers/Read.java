// Read URL: what JDBC gives, as read.py has it of other drivers.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.MathContext;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.Timestamp;
import java.text.DecimalFormat;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.Map;

class Read {
    static final Map<String, Class<?>> CLASSES =
        Map.of("text", String.class, "bigint", Long.class, "integer", Integer.class, "numeric", BigDecimal.class, "double precision",
               Double.class, "boolean", Boolean.class, "date", java.sql.Date.class, "timestamp with time zone", Timestamp.class);
    static final DateTimeFormatter TIME = new DateTimeFormatterBuilder()
                                              .appendPattern("yyyy-MM-dd HH:mm:ss")
                                              .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
                                              .appendPattern("XXX")
                                              .toFormatter();

    static String text(Object value, String type) {
        if (value == null) return "\\N";
        if (value.getClass() != CLASSES.get(type)) return value.getClass() + ": " + value;
        if (value instanceof BigDecimal number) return number.toPlainString();
        if (value instanceof Boolean truth) return truth ? "t" : "f";
        if (value instanceof Double number) return shortest(number);
        if (value instanceof Timestamp at) return TIME.format(at.toInstant().atZone(ZoneId.systemDefault()));
        return value.toString();
    }

    // The fewest digits that are this number and no other: Double.toString has more before Java 19.
    static String shortest(double number) {
        BigDecimal exact = new BigDecimal(number), text = exact;
        for (int digits = 17; digits > 0 && exact.round(new MathContext(digits)).doubleValue() == number; --digits)
            text = exact.round(new MathContext(digits));
        if (number == 0) return "0";
        if (Math.abs(number) < 1e-4) return new DecimalFormat("0.################E00").format(text).replace("E", "e");
        return text.stripTrailingZeros().toPlainString();
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        try (Connection connection = DriverManager.getConnection(arguments[0])) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] types = line.substring(line.indexOf('\t') + 1).split(",");
                try (PreparedStatement statement = connection.prepareStatement(line.substring(0, line.indexOf('\t')));
                     ResultSet rows = statement.executeQuery()) {
                    ResultSetMetaData columns = rows.getMetaData();
                    for (int i = 1; i <= types.length; ++i) {
                        String told = columns.getColumnClassName(i);
                        boolean right = told.equals(CLASSES.get(types[i - 1]).getName());
                        out.print(columns.getColumnName(i) + (right ? "" : ": " + told) + "\0");
                    }
                    while (rows.next())
                        for (int i = 1; i <= types.length; ++i) out.print(text(rows.getObject(i), types[i - 1]) + "\0");
                }
            }
        }
        out.flush();
    }
}
