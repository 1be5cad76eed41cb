// Prints the tables of this directory from the locale data of JDK 17 (CLDR 39), which the original prints with.
//
//     java Generate.java names > names.rs
//     java Generate.java money > money.rs
//
// The facts are those of the Unicode CLDR (Unicode-3.0 licence).

import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.text.NumberFormat;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.chrono.IsoChronology;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.FormatStyle;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.WeekFields;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Currency;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

public class Generate {
    /** The languages, each with the country whose currency it takes when none is named. */
    static final String[][] TAGS = {
        {"cs", "CZ"}, {"da", "DK"}, {"de", "DE"}, {"en-GB", "GB"}, {"es", "ES"}, {"fi", "FI"},
        {"fr", "FR"}, {"it", "IT"}, {"ja", "JP"}, {"ko", "KR"}, {"nb", "NO"}, {"nl", "NL"}, {"pl", "PL"},
        {"pt", "BR"}, {"pt-PT", "PT"}, {"ru", "RU"}, {"sv", "SE"}, {"tr", "TR"}, {"zh", "CN"},
    };

    public static void main(String[] arguments) throws Exception {
        var out = new java.io.PrintStream(System.out, false, "UTF-8");
        if (arguments[0].equals("names")) names(out); else money(out);
        out.flush();
    }

    static Locale locale(String tag) {
        return tag.equals("en") ? Locale.US : Locale.forLanguageTag(tag);
    }

    // ---- names of dates

    static void names(java.io.PrintStream out) {
        out.println("//! What each language writes dates with: printed by `Generate.java`, not by hand.");
        out.println();
        out.println("use super::Locale;");
        out.println();
        out.println("/// English as the United States write it.");
        out.println("#[rustfmt::skip]");
        out.println("pub(super) static ENGLISH: Locale =");
        locale(out, "en", "US");
        out.println(";");
        out.println();
        out.println("/// The other languages.");
        out.println("#[rustfmt::skip]");
        out.println("pub(super) static LOCALES: &[Locale] = &[");
        for (String[] row : TAGS) {
            locale(out, row[0], row[1]);
            out.println(",");
        }
        out.println("];");
    }

    static void locale(java.io.PrintStream out, String tag, String country) {
        Locale locale = locale(tag);
        IntFunction<TemporalAccessor> month = index -> LocalDate.of(2023, index + 1, 1);
        IntFunction<TemporalAccessor> day = index -> LocalDate.of(2023, 5, 1 + index);
        IntFunction<TemporalAccessor> quarter = index -> LocalDate.of(2023, 1 + 3 * index, 1);
        IntFunction<TemporalAccessor> era = index -> LocalDate.of(index == 0 ? -5 : 5, 1, 1);
        IntFunction<TemporalAccessor> half = index -> LocalTime.of(12 * index, 1);
        WeekFields weeks = WeekFields.of(locale);
        DecimalFormatSymbols signs = DecimalFormatSymbols.getInstance(locale);
        out.println("    Locale { tag: " + quote(tag) + ", country: " + quote(country) + ",");
        out.println("        months: " + styles(locale, 12, month, "MMM", "MMMM", "MMMMM") + ",");
        out.println("        months_alone: " + styles(locale, 12, month, "LLL", "LLLL", "LLLLL") + ",");
        out.println("        days: " + styles(locale, 7, day, "EEE", "EEEE", "EEEEE") + ",");
        out.println("        days_alone: " + styles(locale, 7, day, "ccc", "cccc", "ccccc") + ",");
        out.println("        quarters: " + styles(locale, 4, quarter, "QQQ", "QQQQ", "QQQQQ") + ",");
        out.println("        quarters_alone: " + styles(locale, 4, quarter, "qqq", "qqqq", "qqqqq") + ",");
        out.println("        eras: " + styles(locale, 2, era, "G", "GGGG", "GGGGG") + ",");
        out.println("        halves: " + quote(list(locale, 2, half, "a")) + ",");
        out.println("        periods: " + periods(locale) + ",");
        out.println("        dates: " + patterns(locale, true, false) + ",");
        out.println("        times: " + patterns(locale, false, true) + ",");
        out.println("        date_times: " + patterns(locale, true, true) + ",");
        out.println("        zone: [" + zone(locale, "z") + ", " + zone(locale, "zzzz") + "], gmt: " + zone(locale, "OOOO") + ",");
        out.println("        first_day: " + weeks.getFirstDayOfWeek().getValue() + ", least_days: " + weeks.getMinimalDaysInFirstWeek() + ",");
        out.print("        decimal: " + quote("" + signs.getDecimalSeparator()) + ", grouping: " + quote("" + signs.getGroupingSeparator()) + " }");
    }

    static String styles(Locale locale, int count, IntFunction<TemporalAccessor> value, String... patterns) {
        return Stream.of(patterns).map(pattern -> quote(list(locale, count, value, pattern))).collect(Collectors.joining(", ", "[", "]"));
    }

    static String list(Locale locale, int count, IntFunction<TemporalAccessor> value, String pattern) {
        DateTimeFormatter formatter = DateTimeFormatter.ofPattern(pattern).withLocale(locale);
        List<String> texts = IntStream.range(0, count).mapToObj(index -> formatter.format(value.apply(index))).toList();
        if (texts.stream().anyMatch(text -> text.contains("|"))) throw new IllegalStateException(pattern);
        return String.join("|", texts);
    }

    static String periods(Locale locale) {
        List<String> runs = new ArrayList<>();
        String before = "";
        for (int minute = 0; minute < 1440; minute++) {
            LocalTime time = LocalTime.of(minute / 60, minute % 60);
            String texts = Stream.of("B", "BBBB", "BBBBB")
                .map(pattern -> DateTimeFormatter.ofPattern(pattern).withLocale(locale).format(time))
                .collect(Collectors.joining("|"));
            if (!texts.equals(before)) runs.add("(" + minute + ", " + quote(texts) + ")");
            before = texts;
        }
        return "&[" + String.join(", ", runs) + "]";
    }

    static String patterns(Locale locale, boolean date, boolean time) {
        return Stream.of(FormatStyle.SHORT, FormatStyle.MEDIUM, FormatStyle.LONG, FormatStyle.FULL)
            .map(style -> quote(DateTimeFormatterBuilder.getLocalizedDateTimePattern(
                date ? style : null, time ? style : null, IsoChronology.INSTANCE, locale)))
            .collect(Collectors.joining(", ", "[", "]"));
    }

    static String zone(Locale locale, String pattern) {
        return quote(DateTimeFormatter.ofPattern(pattern).withLocale(locale)
            .format(LocalDateTime.of(2023, 1, 1, 0, 0).atZone(ZoneId.of("UTC"))));
    }

    // ---- money

    static void money(java.io.PrintStream out) {
        TreeMap<String, Currency> countries = new TreeMap<>();
        for (String country : Locale.getISOCountries()) {
            Currency currency = Currency.getInstance(new Locale("", country));
            if (currency != null) countries.put(country, currency);
        }
        TreeSet<Currency> currencies = new TreeSet<>(Comparator.comparing(Currency::getCurrencyCode));
        currencies.addAll(countries.values());
        out.println("//! How languages and countries write money: printed by `Generate.java`, not by hand.");
        out.println();
        out.println("use super::Style;");
        out.println();
        out.println("/// Countries and their currencies, sorted.");
        rows(out, "COUNTRIES: &[(&str, &str)]", 8,
            countries.entrySet().stream().map(entry -> "(" + quote(entry.getKey()) + ", " + quote(entry.getValue().getCurrencyCode()) + ")").toList());
        out.println();
        out.println("/// Currencies that do not have two decimals, sorted.");
        rows(out, "DECIMALS: &[(&str, usize)]", 8,
            currencies.stream().filter(currency -> currency.getDefaultFractionDigits() != 2)
                .map(currency -> "(" + quote(currency.getCurrencyCode()) + ", " + currency.getDefaultFractionDigits() + ")").toList());
        List<String> styles = new ArrayList<>();
        List<String> symbols = new ArrayList<>();
        List<String> regions = new ArrayList<>();
        for (String language : Stream.concat(Stream.of("en"), Stream.of(TAGS).map(row -> row[0].substring(0, 2))).sorted().distinct().toList()) {
            Locale base = new Locale(language);
            styles.add("(" + quote(language) + ", " + style(base, "¤") + ")");
            List<String> known = new ArrayList<>();
            for (Currency currency : currencies) {
                String symbol = currency.getSymbol(base);
                if (!symbol.equals(currency.getCurrencyCode())) known.add(currency.getCurrencyCode() + "=" + symbol);
            }
            symbols.add("(" + quote(language) + ", " + quote(String.join("|", known)) + ")");
            countries.forEach((country, currency) -> {
                Locale locale = new Locale(language, country);
                if (!format(locale, currency, -1234567.5).equals(format(base, currency, -1234567.5)))
                    regions.add("(" + quote(language + "-" + country) + ", "
                        + style(locale, DecimalFormatSymbols.getInstance(locale).getCurrencySymbol()) + ")");
            });
        }
        out.println();
        out.println("/// How each language writes money, with `¤` for the currency's sign; sorted.");
        rows(out, "LANGUAGES: &[(&str, Style)]", 1, styles);
        out.println();
        out.println("/// The signs of currencies in each language, where they are not the code; sorted.");
        rows(out, "SYMBOLS: &[(&str, &str)]", 1, symbols);
        out.println();
        out.println("/// The countries that write their own currency in another way than their language does; sorted.");
        rows(out, "REGIONS: &[(&str, Style)]", 1, regions);
    }

    static String format(Locale locale, Currency currency, double amount) {
        NumberFormat format = NumberFormat.getCurrencyInstance(locale);
        format.setCurrency(currency);
        format.setMinimumFractionDigits(currency.getDefaultFractionDigits());
        format.setMaximumFractionDigits(currency.getDefaultFractionDigits());
        return format.format(amount);
    }

    static String style(Locale locale, String symbol) {
        DecimalFormat format = (DecimalFormat) NumberFormat.getCurrencyInstance(locale);
        DecimalFormatSymbols signs = format.getDecimalFormatSymbols();
        signs.setCurrencySymbol(symbol);
        format.setDecimalFormatSymbols(signs);
        return "Style { positive: " + quote(format.getPositivePrefix() + "#" + format.getPositiveSuffix())
            + ", negative: " + quote(format.getNegativePrefix() + "#" + format.getNegativeSuffix())
            + ", decimal: " + quote("" + signs.getMonetaryDecimalSeparator())
            + ", grouping: " + quote("" + signs.getMonetaryGroupingSeparator()) + " }";
    }

    static void rows(java.io.PrintStream out, String head, int perLine, List<String> rows) {
        out.println("#[rustfmt::skip]");
        out.println("pub(super) static " + head + " = &[");
        for (int index = 0; index < rows.size(); index += perLine)
            out.println("    " + String.join(", ", rows.subList(index, Math.min(rows.size(), index + perLine))) + ",");
        out.println("];");
    }

    /** A Rust string literal, in which what cannot be seen is escaped. */
    static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.codePoints().forEach(point -> {
            if (point == '"' || point == '\\') out.append('\\').appendCodePoint(point);
            else if (point == ' ' || !(Character.isSpaceChar(point) || Character.getType(point) == Character.FORMAT || Character.isISOControl(point))) out.appendCodePoint(point);
            else out.append(String.format("\\u{%x}", point));
        });
        return out.append('"').toString();
    }
}
