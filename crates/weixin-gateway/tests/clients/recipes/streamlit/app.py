import streamlit as st

if not st.user.is_logged_in:
    st.button("Log in with WeChat", on_click=st.login)
    st.stop()
st.write(f"Hello, {st.user.name}")
st.button("Log out", on_click=st.logout)
