// Spring Boot, as far as the recipe needs it, with the settings of its application.properties.

import java.io.File;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.http.Rfc6265CookieProcessor;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

public class DemoApplication {
    public static void main(String[] arguments) throws ClassNotFoundException, LifecycleException {
        var spring = new AnnotationConfigWebApplicationContext();
        spring.register(RequestMappingHandlerMapping.class, RequestMappingHandlerAdapter.class);
        spring.register(Class.forName("com.example.demo.WeixinController"));

        var tomcat = new Tomcat();
        tomcat.setBaseDir(new File("tomcat").getAbsolutePath());
        var connector = new Connector();
        connector.setPort(8080);
        connector.setProperty("address", "localhost");
        tomcat.setConnector(connector);
        var site = tomcat.addContext("", null);
        var cookies = new Rfc6265CookieProcessor();
        cookies.setSameSiteCookies("lax");
        site.setCookieProcessor(cookies);
        Tomcat.addServlet(site, "spring", new DispatcherServlet(spring)).setLoadOnStartup(1);
        site.addServletMappingDecoded("/", "spring");
        tomcat.start();
        System.out.println("http://localhost:8080");
        tomcat.getServer().await();
    }
}
