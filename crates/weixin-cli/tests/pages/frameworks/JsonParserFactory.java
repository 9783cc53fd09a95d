package org.springframework.boot.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;

/** Spring Boot's, as far as the recipe needs it. */
public class JsonParserFactory {
    public interface JsonParser { Map<String, Object> parseMap(String json); }

    public static JsonParser getJsonParser() {
        return json -> {
            try {
                return new ObjectMapper().readValue(json, new TypeReference<Map<String, Object>>() {});
            } catch (JsonProcessingException error) {
                throw new IllegalArgumentException(error);
            }
        };
    }
}
