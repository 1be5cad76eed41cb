// Prints what JDK 17 makes of dates and numbers, for the tests of the filters: one case a line, separated by
// tabs. The last column is what was printed, or `!` for a refusal.
//
//     java Observe.java dates > ../filters/date/observed.tsv
//     java Observe.java numbers > ../filters/number/observed.tsv

import java.io.PrintStream;
import java.text.NumberFormat;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.Currency;
import java.util.Locale;
import java.util.function.Supplier;

public class Observe {
    static final String[] TAGS = {
        "en-US", "cs", "da", "de", "en-GB", "es", "fi", "fr", "it", "ja", "ko", "nb", "nl", "pl", "pt", "pt-PT", "ru", "sv", "tr", "zh",
    };
    static final PrintStream out = new PrintStream(System.out, false, java.nio.charset.StandardCharsets.UTF_8);

    public static void main(String[] arguments) {
        if (arguments[0].equals("dates")) dates(); else numbers();
        out.flush();
    }

    static void row(Supplier<Object> made, String... columns) {
        String printed;
        try {
            printed = made.get().toString();
        } catch (RuntimeException refused) {
            printed = "!";
        }
        out.println(String.join("\t", columns) + "\t" + printed);
    }

    // ---- instant; pattern, style or `every field`; language

    static final String FIELDS = "G GGGG GGGGG u uu uuuu y yy yyyy Y YY YYYY Q QQ QQQ QQQQ QQQQQ q qq qqq qqqq qqqqq "
        + "M MM MMM MMMM MMMMM L LL LLL LLLL LLLLL w ww W D DD DDD d dd F E EE EEE EEEE EEEEE e ee eee eeee eeeee c ccc cccc ccccc "
        + "a B BBBB BBBBB H HH h hh K KK k kk m mm s ss S SSS SSSSSSSSS A n N g z zzzz VV v O OOOO X XX XXX XXXX XXXXX x xx xxx xxxx xxxxx Z ZZZZ ZZZZZ";

    static void dates() {
        long[] instants = {1700000000123L, -86399000L, 1719792000000L, -62200000000001L};
        for (String tag : TAGS) {
            for (long instant : instants) {
                DateTimeFormatter formatter = DateTimeFormatter.ofPattern(FIELDS).withLocale(Locale.forLanguageTag(tag));
                row(() -> formatter.format(at(instant)), "" + instant, "every field", tag);
            }
            for (String length : new String[] {"short", "medium", "long", "full"})
                for (String kind : new String[] {"Date", "Time", "DateTime"}) style(1709478305000L, length, kind, tag);
        }
        for (char letter = 'A'; letter <= 'z'; letter++)
            for (int count = 1; count <= 7; count++)
                if (Character.isLetter(letter) && !(letter == 'v' && count == 4)) date(1709478305000L, String.valueOf(letter).repeat(count), "en-US");
        String[] patterns = {
            "''", "''''", "'''x'", "'x'''", "'o''clock'", "'", "'x", "x'", "'''", "[", "]", "[]", "[y]M", "[[y]M", "y]", "{", "}", "#", "'{}#[]'",
            "p", "pp", "ppd", "pd", "ppH", "pppMMM", "pMMMM", "p ", "pp'x'", "d.M.y", "日y", "1y2", "y\u00a0y", "", " ", "yyyy-MM-dd'T'HH:mm:ss.SSSX",
        };
        for (String pattern : patterns) date(1709478305000L, pattern, "en-US");
        for (int year = 2005; year <= 2010; year++)
            for (int day = -4; day <= 4; day++)
                for (String tag : new String[] {"en-US", "en-GB", "pt-PT"})
                    date(java.time.LocalDate.of(year, 1, 1).plusDays(day).toEpochDay() * 86_400_000, "Y w W e", tag);
    }

    static ZonedDateTime at(long instant) {
        return Instant.ofEpochMilli(instant).atZone(ZoneId.of("UTC"));
    }

    static void date(long instant, String pattern, String tag) {
        row(() -> DateTimeFormatter.ofPattern(pattern).withLocale(Locale.forLanguageTag(tag)).format(at(instant)), "" + instant, pattern, tag);
    }

    static void style(long instant, String length, String kind, String tag) {
        FormatStyle style = FormatStyle.valueOf(length.toUpperCase(Locale.ROOT));
        DateTimeFormatter formatter = switch (kind) {
            case "Date" -> DateTimeFormatter.ofLocalizedDate(style);
            case "Time" -> DateTimeFormatter.ofLocalizedTime(style);
            default -> DateTimeFormatter.ofLocalizedDateTime(style);
        };
        row(() -> formatter.withLocale(Locale.forLanguageTag(tag)).format(at(instant)), "" + instant, length + kind, tag);
    }

    // ---- filter, number, argument, argument

    static void numbers() {
        Object[] numbers = {0L, 7L, -42L, 1234567L, Long.MIN_VALUE, 0.0, -0.0, 0.5, -0.25, 9.995, 999999.5, 1234567.891, 1.5e-7, 0.0001, 1e15};
        String[] patterns = {
            "%d", "%5d|", "%-5d|", "%05d", "%+d", "% d", "%(d", "%,d", "%,015d", "%(,012d", "%x", "%X", "%#x", "%012x", "%o", "%#o", "%s", "%12S|", "%.2s", "%b", "%B", "%h",
            "%f", "%.0f", "%#.0f", "%.1f", "%.2f", "%,.2f", "%+,.3f", "%012.2f", "%-12.2f|", "%(.2f", "% .1f", "%e", "%.0e", "%#.0e", "%E", "%012.3e", "%g", "%.0g", "%.3g", "%,G",
            "%1$d", "%1$.1f%%", "%d %<x", "%5%|", "%-5%|", "100%%", "no number",
        };
        for (String pattern : patterns)
            for (Object number : numbers)
                row(() -> String.format(Locale.US, pattern, number), "number-format", number.toString(), pattern, "en");
        String[] refused = {
            "%", "%y", "%c", "%D", "%F", "%0$d", "%2$d", "%d %d", "%<d", "%-d", "%0d", "%-05d", "%+ d", "%00d", "%#d", "%,x", "%+x", "%.2d", "%#s", "%,s", "%05s", "%#g", "%,e", "%.f", "%05%", "%5n", "%.1%",
        };
        for (String pattern : refused)
            for (Object number : new Object[] {7L, 9.995})
                row(() -> String.format(Locale.US, pattern, number), "number-format", number.toString(), pattern, "en");
        for (String tag : TAGS)
            for (Object number : new Object[] {-1234567L, 1234.5})
                row(() -> String.format(Locale.forLanguageTag(tag), number instanceof Long ? "%,d" : "%,.2f %e", number),
                    "number-format", number.toString(), number instanceof Long ? "%,d" : "%,.2f %e", tag);
        // The longest integer keeps its digits here, where Java makes a double of it.
        for (Object number : numbers)
            for (int places : number.equals(Long.MIN_VALUE) ? new int[0] : new int[] {0, 1, 2, 5})
                row(() -> String.format(Locale.US, "%." + places + "f", ((Number) number).doubleValue()), "double-format", number.toString(), "" + places, "");
        for (double amount : new double[] {0.0, -0.001, 0.125, 1.005, 1.015, 2.675, 0.375, 1e15, 12345678.9})
            row(() -> NumberFormat.getCurrencyInstance(Locale.US).format(amount), "currency-format", "" + amount, "en", "US");
        for (String language : java.util.stream.Stream.of(TAGS).map(tag -> tag.substring(0, 2)).distinct().toList())
            for (String country : Locale.getISOCountries()) {
                Locale locale = new Locale(language, country);
                if (Currency.getInstance(locale) != null && (country.compareTo("AM") < 0 || isOwn(locale)))
                    row(() -> NumberFormat.getCurrencyInstance(locale).format(-1234567.375), "currency-format", "-1234567.375", language, country);
            }
    }

    /** True for a country that writes its currency in another way than its language does. */
    static boolean isOwn(Locale locale) {
        Locale language = new Locale(locale.getLanguage());
        Currency currency = Currency.getInstance(locale);
        NumberFormat general = NumberFormat.getCurrencyInstance(language);
        general.setCurrency(currency);
        general.setMinimumFractionDigits(currency.getDefaultFractionDigits());
        general.setMaximumFractionDigits(currency.getDefaultFractionDigits());
        return !NumberFormat.getCurrencyInstance(locale).format(-1234.5).equals(general.format(-1234.5));
    }
}
