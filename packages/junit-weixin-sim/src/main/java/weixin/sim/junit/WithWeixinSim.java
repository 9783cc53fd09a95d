package weixin.sim.junit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/** Simulates WeChat for the tests of a class: their methods can have a parameter {@link WeixinSim}. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith(WeixinSimExtension.class)
public @interface WithWeixinSim {
    /**
     * Whether all such classes share one world, which is reset before each test: for programs that read the URL once, in
     * a method with {@code @BeforeAll}. Such tests cannot run in parallel.
     */
    boolean shared() default false;
}
