package weixin.sim.junit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** JSON, which the JDK does not have: maps, lists, strings, numbers, booleans and null. */
final class Json {
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    static Object parse(String text) {
        var json = new Json(text);
        var value = json.value();
        if (json.next() != 0) throw json.broken();
        return value;
    }

    static String write(Object value) {
        if (value instanceof Map<?, ?> map) return map.entrySet().stream()
            .map(one -> write(one.getKey()) + ":" + write(one.getValue())).collect(Collectors.joining(",", "{", "}"));
        if (value instanceof Iterable<?> list) {
            var written = new ArrayList<String>();
            list.forEach(one -> written.add(write(one)));
            return "[" + String.join(",", written) + "]";
        }
        if (!(value instanceof CharSequence string)) return String.valueOf(value);
        return string.chars()
            .mapToObj(one -> one < 32 || one == '"' || one == '\\' ? "\\u%04x".formatted(one) : String.valueOf((char) one))
            .collect(Collectors.joining("", "\"", "\""));
    }

    private Object value() {
        var first = next();
        if (first == '{') return object();
        if (first == '[') return array();
        if (first == '"') return string();
        var start = at;
        while (at < text.length() && "+-.".indexOf(text.charAt(at)) >= 0 || at < text.length() && Character.isLetterOrDigit(text.charAt(at))) at++;
        var word = text.substring(start, at);
        return switch (word) {
            case "true" -> true;
            case "false" -> false;
            case "null" -> null;
            default -> number(word);
        };
    }

    private Object number(String word) {
        try {
            return Long.valueOf(word);
        } catch (NumberFormatException whole) {
            try {
                return Double.valueOf(word);
            } catch (NumberFormatException error) {
                throw broken();
            }
        }
    }

    private Map<String, Object> object() {
        var members = new LinkedHashMap<String, Object>();
        for (at++; next() != '}'; ) {
            if (!members.isEmpty()) expect(',');
            next();
            var name = string();
            expect(':');
            members.put(name, value());
        }
        at++;
        return members;
    }

    private List<Object> array() {
        var items = new ArrayList<>();
        for (at++; next() != ']'; ) {
            if (!items.isEmpty()) expect(',');
            items.add(value());
        }
        at++;
        return items;
    }

    private String string() {
        expect('"');
        var found = new StringBuilder();
        for (; at < text.length() && text.charAt(at) != '"'; at++) {
            if (text.charAt(at) != '\\') {
                found.append(text.charAt(at));
                continue;
            }
            if (++at == text.length()) throw broken();
            var escaped = text.charAt(at);
            if (escaped == 'u') {
                found.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
                at += 4;
            } else {
                var place = "bfnrt".indexOf(escaped);
                found.append(place < 0 ? escaped : "\b\f\n\r\t".charAt(place));
            }
        }
        expect('"');
        return found.toString();
    }

    /** Skips blanks; returns the next character, or 0 at the end. */
    private char next() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
        return at < text.length() ? text.charAt(at) : 0;
    }

    private void expect(char one) {
        if (next() != one) throw broken();
        at++;
    }

    private SimulatorException broken() {
        return new SimulatorException("not JSON at character " + at + ": " + text);
    }
}
